/// A file that an engine reads or writes. Where it lies is known to the engine's own module alone.
package enum FileSource: Sendable, Hashable {
    /// An object of the store.
    case object(ObjectKey)
    /// A file or folder that is not whole yet, or is for one query: its path below the staging folder.
    case staged(String)
}
