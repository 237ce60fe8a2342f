package import LoonCore

/// The format of a task's result.
package enum ResultFormat: String, Sendable, CaseIterable { case csv, json, parquet }

/// A statement's hints with their types: each is read once, and one that cannot mean anything is an error (1210).
package struct StatementHints: Sendable, Equatable {
    /// `run_async`
    package let isAsync: Bool
    /// `insert-overwrite-ignore-conflict`
    package let ignoresConflict: Bool
    /// `max-running-time-sec`
    package let runningSecondsMax: Int?
    /// `max-scan-bytes`
    package let scanBytesMax: Int?
    /// `priority`, 0 to 9: higher ones run first.
    package let priority: Int?
    /// `result-reuse-max-age-sec`: 0 for none.
    package let reuseSecondsMax: Int?
    /// `result-format`
    package let resultFormat: ResultFormat?
    /// `cluster` and `engine`, in lower case.
    package let cluster: String?
    package let engine: String?
    /// `client-token`: the account's own name for the task.
    package let clientToken: String?
    /// `label`
    package let label: String?
    /// `mq-delayed-by`: seconds, at most 7 days.
    package let delaySeconds: Int?
    /// `notify-on`
    package let events: NotificationTarget.Events?
    /// All of them as they are written, as a task's row has them. The product that `mq-notify-by` names decides what
    /// the other hints of messages mean (`NotificationHints`).
    package let texts: [String: String]

    /// The hints of a statement that has none.
    package init() {
        (isAsync, ignoresConflict, texts) = (false, false, [:])
        (runningSecondsMax, scanBytesMax, priority, reuseSecondsMax, delaySeconds) = (nil, nil, nil, nil, nil)
        (resultFormat, cluster, engine, clientToken, label, events) = (nil, nil, nil, nil, nil, nil)
    }

    /// Throws where a value cannot be what its hint means.
    package init(_ hints: Hints) throws(QueryError) {
        texts = hints.values
        let reader = Reader(values: hints.values)
        isAsync = try reader.flag("run_async") ?? false
        ignoresConflict = try reader.flag("insert_overwrite_ignore_conflict") ?? false
        delaySeconds = try reader.integer("mq_delayed_by", in: 0...604_800)
        events = try reader.events()
        runningSecondsMax = try reader.integer("max_running_time_sec", in: 1...Limits.runningSecondsMax)
        scanBytesMax = try reader.integer("max_scan_bytes", in: 1...Int.max)
        priority = try reader.integer("priority", in: 0...Limits.taskPriorityMax)
        reuseSecondsMax = try reader.integer("result_reuse_max_age_sec", in: 0...Limits.reuseSecondsMax)
        resultFormat = try reader.resultFormat()
        clientToken = try reader.text("client_token", charactersMax: Limits.clientTokenCharactersMax)
        label = try reader.text("label", charactersMax: Limits.labelCharactersMax)
        cluster = try reader.name("cluster")
        engine = try reader.name("engine")
    }

    /// A hint of messages, as it is written.
    package subscript(key: String) -> String? { texts[key] }

    /// The same where the statement and its session say nothing of a message, or of one to the same product: with what
    /// `defaults` say.
    package func filled(from defaults: [String: String]) throws(QueryError) -> StatementHints {
        if defaults.isEmpty { return self }
        if let product = texts["mq_notify_by"], product.lowercased() != defaults["mq_notify_by"]?.lowercased() {
            return self
        }
        return try StatementHints(Hints(values: texts.merging(defaults) { own, _ in own }))
    }
}

/// Reads values; each is `nil` where its hint is not given.
private struct Reader {
    let values: [String: String]

    func text(_ key: String, charactersMax: Int) throws(QueryError) -> String? {
        guard let value = values[key] else { return nil }
        let scalars = value.unicodeScalars
        guard !scalars.isEmpty, scalars.count <= charactersMax,
            !scalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else {
            throw QueryError(
                .hintValue, "The hint '\(key)' has 1 to \(charactersMax) characters, none of them a control character")
        }
        return value
    }

    func name(_ key: String) throws(QueryError) -> String? {
        guard let value = values[key] else { return nil }
        guard !value.isEmpty else { throw QueryError(.hintValue, "The hint '\(key)' is empty") }
        return value.lowercased()
    }

    func resultFormat() throws(QueryError) -> ResultFormat? {
        guard let value = values["result_format"] else { return nil }
        guard let format = ResultFormat(rawValue: value.lowercased()) else {
            throw QueryError(
                .hintValue,
                "The hint 'result_format' is \(ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")), "
                    + "not '\(value)'"
            )
        }
        return format
    }

    func events() throws(QueryError) -> NotificationTarget.Events? {
        guard let value = values["notify_on"] else { return nil }
        guard let events = NotificationTarget.Events(rawValue: value.lowercased().filter { $0 != " " }) else {
            throw QueryError(.hintValue, "The hint 'notify_on' is finish, start,finish or all, not '\(value)'")
        }
        return events
    }

    func flag(_ key: String) throws(QueryError) -> Bool? {
        guard let value = values[key] else { return nil }
        switch value.lowercased() {
        case "true", "1", "on": return true
        case "false", "0", "off": return false
        default: throw QueryError(.hintValue, "The hint '\(key)' is true or false, not '\(value)'")
        }
    }

    func integer(_ key: String, in range: ClosedRange<Int>) throws(QueryError) -> Int? {
        guard let value = values[key] else { return nil }
        guard let number = Int(value), range.contains(number) else {
            throw QueryError(
                .hintValue,
                "The hint '\(key)' is a whole number from \(range.lowerBound) to \(range.upperBound), not '\(value)'")
        }
        return number
    }
}
