import Crypto
import Foundation
import LoonCore

/// The completion message: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
/// docs/messages.md describes it for those who receive it.
struct TaskMessage: Sendable {
    /// `/loon/<instance>`
    let source: String
    /// The service's time zone, minutes east of UTC.
    let offsetMinutes: Int

    /// The event of a task's present state; at most `Limits.messageBytesMax` bytes, also in base64.
    func encode(_ task: TaskRecord) -> [UInt8] {
        // Text that is nothing but characters that JSON escapes grows sixfold.
        for bytesMax in [Limits.messageFieldBytesMax, Limits.messageFieldBytesMax / 4] {
            let event = encode(task, fieldBytesMax: bytesMax)
            if event.count <= Limits.messageBytesMax / 4 * 3 { return event }
        }
        return encode(task, fieldBytesMax: 0)
    }

    private func encode(_ task: TaskRecord, fieldBytesMax: Int) -> [UInt8] {
        var data = columns(task)
        cut("command", to: fieldBytesMax, &data)
        cut("message", to: fieldBytesMax, &data)
        let event: [String: Any] = [
            "specversion": "1.0",
            // The same for every attempt to send it, so that a consumer can drop repeats.
            "id": "\(task.id).\(task.messageSequence)",
            "source": source,
            "type": "loon.task.\(task.state.rawValue.lowercased())",
            "subject": task.id.description,
            // Of as many digits always, so that texts compare as the numbers do (the extension `sequence` of CloudEvents).
            "sequence": String(repeating: "0", count: max(0, 10 - "\(task.messageSequence)".count)) + "\(task.messageSequence)",
            "time": CivilTime(milliseconds: task.updated).rfc3339UTC,
            "datacontenttype": "application/json",
            "data": data,
        ]
        let json = try? JSONSerialization.data(withJSONObject: event, options: [.sortedKeys, .withoutEscapingSlashes])
        // Characters that XML 1.0 cannot carry; JSON can, escaped.
        return Array(json ?? Data()).replacing("\u{FFFE}".utf8, with: "\\ufffe".utf8).replacing("\u{FFFF}".utf8, with: "\\uffff".utf8)
    }

    /// The 27 columns of `show query_task`, numbers as numbers.
    private func columns(_ task: TaskRecord) -> [String: Any] {
        func optional(_ value: Any?) -> Any { value ?? NSNull() }
        let target = task.submission.notification
        var columns: [String: Any] = [
            "id": task.id.description,
            "mpp_query_id": optional(task.engineQueryID),
            "status": task.state.rawValue,
            "task_name": task.submission.kind,
            "table_schema": task.submission.schema,
            "command": task.submission.command,
            "creator_id": task.submission.account,
            "create_time": CivilTime(milliseconds: task.created, offsetMinutes: offsetMinutes).dateTime,
            "update_time": CivilTime(milliseconds: task.updated, offsetMinutes: offsetMinutes).dateTime,
            "connection_id": task.submission.connectionID,
            "message": task.message,
            "row_count": optional(task.measures.rowCount),
            "elapse_time": optional(task.measures.elapsedMilliseconds),
            "scanned_row_count": optional(task.measures.scannedRowCount),
            "scanned_data_bytes": optional(task.measures.scannedBytes),
            "result_file_oss_file": optional(task.resultFile),
            "cancellable_task": task.state.hasEnded ? 0 : 1,
            "mq_product": optional(target?.product.rawValue),
            "mq_model": optional(target?.model),
            "mq_topic": optional(target?.topic),
            "mq_queue": optional(target?.queue),
            "mq_producer_id": optional(target?.producerID),
            "mq_endpoint": optional(target?.endpoint),
            "mq_status": optional(task.messageState?.rawValue),
            "mq_error_msg": NSNull(),
            "mq_message_id": NSNull(),
            "mq_total_time": NSNull(),
        ]
        // Beside the columns, where it says something.
        if let count = task.measures.malformedCount, count > 0 { columns["malformed_count"] = count }
        return columns
    }

    /// Cuts a long text at a character's end, and says so.
    private func cut(_ key: String, to bytesMax: Int, _ data: inout [String: Any]) {
        guard let text = data[key] as? String, text.utf8.count > bytesMax else { return }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: bytesMax)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        data[key] = String(text[..<end])
        data[key + "_truncated"] = true
        data[key + "_sha256"] = Hex.text(Array(SHA256.hash(data: Array(text.utf8))))
    }
}
