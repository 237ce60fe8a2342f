import LoonCore
import Synchronization

/// `mpp_query_id`: yyyyMMdd_HHmmss_nnnnn_xxxxx in UTC, a counter of this run of the daemon and five letters or digits
/// that tell runs apart.
final class EngineQueryIDs: Sendable {
    private let counter = Atomic<Int>(0)
    private let suffix: String

    init() { suffix = String((0..<5).map { _ in "abcdefghijkmnpqrstuvwxyz23456789".randomElement() ?? "a" }) }

    func next(now: Int64) -> String {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue % 100_000
        let digits = String(number)
        let zeros = String(repeating: "0", count: 5 - digits.count)
        return "\(CivilTime(milliseconds: now).compactSecond)_\(zeros)\(digits)_\(suffix)"
    }
}
