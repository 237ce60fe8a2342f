package import LoonCore

/// The daemon's messages to the parent of the workers, each one packet.
package enum ForkRequest: FrameValue, Sendable {
    /// Fork a worker; its socket comes with the message.
    case start(Int64)
    case kill(Int64)

    package func write(to frame: inout FrameWriter) {
        switch self {
        case .start(let worker):
            frame.write(byte: 0)
            frame.write(worker)
        case .kill(let worker):
            frame.write(byte: 1)
            frame.write(worker)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0: self = .start(try frame.number())
        case 1: self = .kill(try frame.number())
        default: throw MalformedFrame()
        }
    }
}

/// The parent's messages to the daemon, each one packet.
package enum ForkReport: FrameValue, Sendable {
    /// The engine is open.
    case ready(version: String)
    /// The engine cannot be opened, or nothing can be forked.
    case failed(QueryError)
    case started(Int64, process: Int32)
    /// `signal`: the number of the one that ended it, or 0.
    case ended(Int64, signal: Int32, code: Int32)

    /// Bytes of a packet.
    package static let bytesMax = 4_096

    package func write(to frame: inout FrameWriter) {
        switch self {
        case .ready(let version):
            frame.write(byte: 0)
            frame.write(version)
        case .failed(let error):
            frame.write(byte: 1)
            frame.write(QueryError(error.code, String(error.message.prefix(1_000))))
        case .started(let worker, let process):
            frame.write(byte: 2)
            frame.write(worker)
            frame.write(process)
        case .ended(let worker, let signal, let code):
            frame.write(byte: 3)
            frame.write(worker)
            frame.write(signal)
            frame.write(code)
        }
    }

    package init(from frame: inout FrameReader) throws(MalformedFrame) {
        switch try frame.byte() {
        case 0: self = .ready(version: try frame.text())
        case 1: self = .failed(try frame.value())
        case 2: self = .started(try frame.number(), process: Int32(truncatingIfNeeded: try frame.number()))
        case 3:
            self = .ended(
                try frame.number(), signal: Int32(truncatingIfNeeded: try frame.number()),
                code: Int32(truncatingIfNeeded: try frame.number()))
        default: throw MalformedFrame()
        }
    }
}
