package import Foundation
package import LoonCore

/// Buckets of objects, with a folder for what is not whole yet: what the lake, the tasks and the commands ask of a
/// store. An object is seen whole or not at all, and is on disk when a method that writes it returns.
///
/// Every method blocks; none is to be called from an event loop. Errors are `.location` for a key that cannot be, and
/// `.storage` where the store fails.
package protocol ObjectStorage: Sendable {
    // MARK: Buckets

    func makeBucket(_ name: String) throws(QueryError)
    /// One that holds anything stays, and is an error.
    func removeBucket(_ name: String) throws(QueryError)
    func bucketExists(_ name: String) -> Bool
    func buckets() throws(QueryError) -> [String]

    // MARK: Reading

    /// The object, or `nil` where there is none.
    func stat(_ key: ObjectKey) throws(QueryError) -> ObjectSummary?
    /// The objects below a folder in UTF-8 order, those of its sub-folders only if `recursive`.
    func list(_ folder: ObjectKey, recursive: Bool) throws(QueryError) -> [ObjectSummary]
    /// The folders directly below a folder, in UTF-8 order.
    func folders(_ folder: ObjectKey) throws(QueryError) -> [ObjectKey]
    func read(_ key: ObjectKey) throws(QueryError) -> Data

    // MARK: Writing

    /// Moves a staged file or folder to `key`, replacing what is there. With `forbidOverwrite` that is an error.
    func publish(staged: String, at key: ObjectKey, forbidOverwrite: Bool) throws(QueryError)
    /// An object that does not exist is no error.
    func remove(_ key: ObjectKey) throws(QueryError)
    /// A folder with all that is in it.
    func removeFolder(_ folder: ObjectKey) throws(QueryError)

    // MARK: Staging

    /// A new, empty folder for output that is not whole yet: its path on this machine.
    func makeStagingFolder() throws(QueryError) -> String
    /// The name that an engine knows a staged file or folder by.
    func source(staged path: String) -> FileSource
    func discard(staged: String)
    /// Removes what an earlier run of the daemon left half-done, but for the folders `kept`.
    func sweepStaging(except kept: Set<String>) throws(QueryError)
    /// Makes every file below a staged folder durable; returns their paths from there on, in UTF-8 order, with their
    /// sizes.
    func syncStaged(_ folder: String) throws(QueryError) -> [(path: String, size: Int64)]

    // MARK: A decided write, step by step; each step may be repeated

    /// Makes the folder that an object is to lie in.
    func makeFolder(of key: ObjectKey) throws(QueryError)
    /// Moves a staged, synced file to its place, where nothing may be. Nothing where it is there already.
    func move(staged path: String, to key: ObjectKey) throws(QueryError)
    /// Whether a staged file is there, or was moved already.
    func canMove(staged path: String, to key: ObjectKey) throws(QueryError) -> Bool
    /// Whether a staged file waits for its place.
    func isStaged(_ path: String) -> Bool
    /// Makes the moves into the folders of `keys` durable.
    func syncFolders(of keys: [ObjectKey]) throws(QueryError)
}

extension ObjectStorage {
    package func publish(staged: String, at key: ObjectKey) throws(QueryError) {
        try publish(staged: staged, at: key, forbidOverwrite: false)
    }
}

/// An object of a listing.
package struct ObjectSummary: Sendable, Equatable {
    package let key: ObjectKey
    /// Stored bytes.
    package let size: Int64
    /// Milliseconds since 1970.
    package let modified: Int64
    /// Where the object lies on this machine, for those that look into its bytes.
    package let path: String
}

/// A page of a listing as OSS makes it: keys that begin with `prefix`, behind `marker`, in UTF-8 order; with a
/// `delimiter` of "/" what lies in folders below comes as the folder's name alone
/// (https://help.aliyun.com/document_detail/31965.html).
package struct ObjectPage: Sendable, Equatable {
    package let keys: [String]
    package let commonPrefixes: [String]
    /// Where the next page begins; `nil` for the last.
    package let nextMarker: String?
}
