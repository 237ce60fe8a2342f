/// The wall clock, replaceable in tests. Milliseconds since 1970-01-01 UTC.
package struct WallClock: Sendable {
    package let now: @Sendable () -> Int64
    package init(now: @escaping @Sendable () -> Int64) { self.now = now }
}
