package import LoonCore
import ObjectStore

extension ObjectKey {
    /// The folder of a task's result: `oss://<result bucket>/DLA_Result/yyyy/MM/dd/<task id>/`.
    package static func resultFolder(of task: TaskID, in bucket: String) throws(QueryError) -> ObjectKey {
        try ObjectKey(bucket: bucket, key: "DLA_Result/\(task.datePath)/\(task)/")
    }
}
