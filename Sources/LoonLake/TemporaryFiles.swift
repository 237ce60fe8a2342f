import Foundation

/// Files that are of use to one query only: gone when it has ended.
final class TemporaryFiles: Sendable {
    let folder: String
    private let remove: @Sendable (String) -> Void

    init(folder: String, remove: @escaping @Sendable (String) -> Void) {
        self.folder = folder
        self.remove = remove
    }

    deinit { remove(folder) }

    /// A file in it.
    func path(_ number: Int) -> String { "\(folder)/\(number).txt" }
}
