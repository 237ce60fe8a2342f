import Foundation
package import LoonCore

extension WallClock {
    /// The machine's clock.
    package static let system = WallClock { Int64(Date().timeIntervalSince1970 * 1_000) }
}
