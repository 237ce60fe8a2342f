package import LoonCore
import Synchronization

/// Writes down what a text asks its session for, or what it asks for in vain once the session is gone.
package final class SessionRecorder: Sendable {
    private let found = Mutex<[String: SQLValue]>([:])

    package init() {}

    /// The names of what was asked for, as `SessionValues` names it, in its order.
    package var names: [String] { found.withLock { $0.keys.sorted() } }

    /// The values that were given.
    package func values(in context: DialectContext) -> SessionValues {
        SessionValues(
            found.withLock { $0 }, systemTimeZoneOffsetMinutes: context.systemTimeZoneOffsetMinutes)
    }

    fileprivate func add(_ name: String, _ value: SQLValue?) { found.withLock { $0[name] = value ?? .null } }

    fileprivate static func name(ofVariable name: String, isGlobal: Bool) -> String {
        isGlobal ? "@@global." + name : "@@" + name
    }
}

extension DialectContext {
    /// The same context, of which `recorder` learns what is asked for.
    package func recording(in recorder: SessionRecorder) -> DialectContext {
        let (variable, userVariable, function) = (variable, userVariable, function)
        return DialectContext(
            now: now, timeZoneOffsetMinutes: timeZoneOffsetMinutes,
            systemTimeZoneOffsetMinutes: systemTimeZoneOffsetMinutes,
            variable: { name, isGlobal in
                let value = variable(name, isGlobal)
                // One that there is none of is an error, not a value.
                if value != nil { recorder.add(SessionRecorder.name(ofVariable: name, isGlobal: isGlobal), value) }
                return value
            },
            userVariable: {
                let value = userVariable($0)
                recorder.add($0, value)
                return value
            },
            function: {
                let value = function($0)
                recorder.add($0 + "()", value)
                return value
            })
    }

    /// The context of a text whose session is gone: it has the kept values alone. `missing` learns what else is asked
    /// for.
    package init(
        now: Int64, timeZoneOffsetMinutes: Int, values: SessionValues, missing: SessionRecorder = SessionRecorder()
    ) {
        @Sendable func value(_ name: String) -> SQLValue {
            if let value = values.values[name] { return value }
            missing.add(name, nil)
            return .null
        }
        self.init(
            now: now, timeZoneOffsetMinutes: timeZoneOffsetMinutes,
            systemTimeZoneOffsetMinutes: values.systemTimeZoneOffsetMinutes,
            variable: { value(SessionRecorder.name(ofVariable: $0, isGlobal: $1)) }, userVariable: { value($0) },
            function: { value($0 + "()") })
    }
}
