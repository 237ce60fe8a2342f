import LoonCore

/// `Thu, 09 Jul 2015 03:01:34 GMT` (RFC 9110 §5.6.7).
package enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    package static func format(milliseconds: Int64) -> String {
        let time = CivilTime(milliseconds: milliseconds)
        // 1970-01-01 was a Thursday.
        let weekday = Int(
            CivilTime.floorDivide(CivilTime.floorDivide(milliseconds, by: 86_400_000).quotient, by: 7).remainder)
        let day = time.day < 10 ? "0\(time.day)" : "\(time.day)"
        return "\(days[weekday]), \(day) \(months[time.month - 1]) \(time.year) \(time.time) GMT"
    }
}
