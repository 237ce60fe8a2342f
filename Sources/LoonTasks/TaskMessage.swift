import Crypto
import Foundation
package import LoonCore

/// The completion message: CloudEvents 1.0 in JSON
/// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). docs/messages.md describes it
/// for those who receive it.
package struct TaskMessage: Sendable {
    /// `/loon/<instance>`
    let source: String
    /// The service's time zone, minutes east of UTC.
    let offsetMinutes: Int

    package init(source: String, offsetMinutes: Int) {
        self.source = source
        self.offsetMinutes = offsetMinutes
    }

    /// The event of a task's present state; at most `Limits.messageBytesMax` bytes, also in base64.
    package func encode(_ task: TaskRecord) -> [UInt8] {
        // Text that is nothing but characters that JSON escapes grows sixfold.
        for bytesMax in [Limits.messageFieldBytesMax, Limits.messageFieldBytesMax / 4] {
            let event = encode(task, fieldBytesMax: bytesMax)
            if event.count <= Limits.messageBytesMax / 4 * 3 { return event }
        }
        return encode(task, fieldBytesMax: 0)
    }

    /// A member of the event's data. Written by hand, in the order of their names: each task's end waits for it.
    private enum Member {
        case text(String)
        case number(Int64)
        case flag(Bool)
        case null

        init(_ text: String?) { self = text.map(Member.text) ?? .null }
        init(_ number: Int64?) { self = number.map(Member.number) ?? .null }

        func write(to out: inout TextBuffer) {
            switch self {
            case .text(let text): out.append(jsonString: text)
            case .number(let number): out.append(decimal: number)
            case .flag(let flag): out.append(flag ? "true" : "false")
            case .null: out.append("null")
            }
        }
    }

    private func encode(_ task: TaskRecord, fieldBytesMax: Int) -> [UInt8] {
        var data = columns(task)
        cut("command", to: fieldBytesMax, &data)
        cut("message", to: fieldBytesMax, &data)
        let sequence = "\(task.messageSequence)"
        var out = TextBuffer(capacity: 2_048)
        out.append("{\"data\":{")
        for (index, (name, member)) in data.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { out.append(",") }
            out.append(jsonString: name)
            out.append(":")
            member.write(to: &out)
        }
        out.append("},\"datacontenttype\":\"application/json\"")
        for (name, text) in [
            // The same for every attempt to send it, so that a consumer can drop repeats.
            ("id", "\(task.id).\(sequence)"),
            // Of as many digits always, so that texts compare as the numbers do (the extension `sequence` of
            // CloudEvents).
            ("sequence", String(repeating: "0", count: max(0, 10 - sequence.count)) + sequence),
            ("source", source), ("specversion", "1.0"), ("subject", task.id.description),
            ("time", CivilTime(milliseconds: task.updated).rfc3339UTC),
            ("type", "loon.task.\(task.state.rawValue.lowercased())"),
        ] {
            out.append(",\"\(name)\":")
            out.append(jsonString: text)
        }
        out.append("}")
        // Characters that XML 1.0 cannot carry; JSON can, escaped.
        guard out.bytes.contains(0xEF) else { return Array(out.bytes) }
        return Array(out.bytes).replacing("\u{FFFE}".utf8, with: "\\ufffe".utf8).replacing(
            "\u{FFFF}".utf8, with: "\\uffff".utf8)
    }

    /// The 27 columns of `show query_task`, numbers as numbers.
    private func columns(_ task: TaskRecord) -> [String: Member] {
        let target = task.submission.notification
        var columns: [String: Member] = [
            "id": .text(task.id.description),
            "mpp_query_id": Member(task.engineQueryID),
            "status": .text(task.state.rawValue),
            "task_name": .text(task.submission.kind.rawValue),
            "table_schema": .text(task.submission.schema),
            "command": .text(task.submission.command),
            "creator_id": .text(task.submission.account),
            "create_time": .text(CivilTime(milliseconds: task.created, offsetMinutes: offsetMinutes).dateTime),
            "update_time": .text(CivilTime(milliseconds: task.updated, offsetMinutes: offsetMinutes).dateTime),
            "connection_id": .number(task.submission.connectionID),
            "message": .text(task.message),
            "row_count": Member(task.measures.rowCount),
            "elapse_time": Member(task.measures.elapsedMilliseconds),
            "scanned_row_count": Member(task.measures.scannedRowCount),
            "scanned_data_bytes": Member(task.measures.scannedBytes),
            "result_file_oss_file": Member(task.resultFile),
            "cancellable_task": .number(task.state.hasEnded ? 0 : 1),
            "mq_product": Member(target?.product.rawValue),
            "mq_model": Member(target?.model),
            "mq_topic": Member(target?.topic),
            "mq_queue": Member(target?.queue),
            "mq_producer_id": Member(target?.producerID),
            "mq_endpoint": Member(target?.endpoint),
            "mq_status": Member(task.messageState?.rawValue),
            "mq_error_msg": .null,
            "mq_message_id": .null,
            "mq_total_time": .null,
        ]
        // Beside the columns, where it says something.
        if let count = task.measures.malformedCount, count > 0 { columns["malformed_count"] = .number(count) }
        return columns
    }

    /// Cuts a long text at a character's end, and says so.
    private func cut(_ key: String, to bytesMax: Int, _ data: inout [String: Member]) {
        guard case .text(let text) = data[key], text.utf8.count > bytesMax else { return }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: bytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        data[key] = .text(String(text[..<end]))
        data[key + "_truncated"] = .flag(true)
        data[key + "_sha256"] = .text(Hex.text(Array(SHA256.hash(data: Array(text.utf8)))))
    }
}
