import AccessControl
import Foundation
package import LoonCore
import MetaStore
import ObjectStore
package import QueryEngine

/// Finds the results of earlier tasks, for queries that read them as tables.
package struct StoredResults {
    /// The schema that they are tables of.
    package static let schema = "query_result"
    let context: LakeContext

    package init(context: LakeContext) { self.context = context }

    /// The result of a task that `account` may see.
    package func result(_ id: String, account: AccountIdentity) throws -> StoredResult {
        guard let taskID = TaskID(id.lowercased()), let task = try context.store.task(taskID),
            task.submission.owner == account || context.accounts.rights(of: account).isAdministrator
        else {
            throw QueryError(
                .unknownTable, "Table '\(Self.schema).\(id.prefix(80))' doesn't exist: there is no such task")
        }
        guard task.state == .success, let file = task.resultFile else {
            throw QueryError(
                .unknownTable,
                "Table '\(Self.schema).\(id)' doesn't exist: the task is \(task.state.rawValue) and has no result")
        }
        let key = try ObjectKey(file)
        let folder = key.parent
        let gone = QueryError(.missingObject, "The result of the task \(id) is gone: \(file)")
        let place = try folder.child(ResultDescription.name, isFolder: false)
        guard let summary = try context.objects.stat(place), summary.size <= Int64(Limits.resultDescriptionBytesMax)
        else { throw gone }
        guard let description = try? JSONDecoder().decode(ResultDescription.self, from: try context.objects.read(place))
        else {
            throw QueryError(.malformedData, "The description of the result of the task \(id) cannot be read: \(place)")
        }
        guard
            let data = try context.objects.stat(
                try folder.child(description.typed_file ?? description.file, isFolder: false))
        else { throw gone }
        return StoredResult(
            schema: Self.schema, name: id, source: .object(data.key),
            form: description.typed_file == nil ? .csv : .kept,
            columns: description.resultColumns,
            rowBytesMax: description.longest_row ?? 0)
    }
}
