import CSandbox
import DuckDBEngine
import Foundation
import LoonCore
import QueryEngine

/// Forks workers where the daemon asks for them, kills them where it asks for that, and tells how each has ended. Has
/// one thread, and ends with the daemon; its children end with it.
struct WorkerParent {
    /// The socket to the daemon.
    let control: Int32
    /// Readable when a child has ended.
    let ends: Int32

    /// False where nobody listens.
    func tell(_ report: ForkReport) -> Bool {
        report.frameBytes.withUnsafeBytes { csandbox_send(control, $0.baseAddress, $0.count, -1) }
    }

    func serve(_ instance: DuckDBInstance) {
        csandbox_trim_memory()
        var processes: [Int64: Int32] = [:]
        while true {
            var entries = [
                pollfd(fd: control, events: Int16(POLLIN), revents: 0),
                pollfd(fd: ends, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) >= 0 || errno == EINTR else { return }
            if entries[1].revents != 0 { reportEnds(&processes) }
            guard entries[0].revents != 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: ForkReport.bytesMax)
            var socket: Int32 = -1
            let count = csandbox_receive(control, &bytes, bytes.count, &socket)
            guard count > 0, let request = try? ForkRequest(frameBytes: Array(bytes.prefix(count))) else { return }
            switch request {
            case .start(let worker):
                // A copy has one thread of those that there are, and the locks of the others for ever.
                let process = csandbox_thread_count() == 1 ? csandbox_fork() : -1
                if process == 0 { becomeWorker(socket, instance) }
                close(socket)
                guard process > 0 else {
                    _ = tell(.ended(worker, signal: 0, code: 1))
                    continue
                }
                processes[worker] = process
                _ = tell(.started(worker, process: process))
            // The process is still a child of this one, or its number would be gone from here.
            case .kill(let worker): if let process = processes[worker] { kill(process, SIGKILL) }
            }
        }
    }

    private func reportEnds(_ processes: inout [Int64: Int32]) {
        var drained = [UInt8](repeating: 0, count: 1_024)
        while read(ends, &drained, drained.count) > 0 {}
        var (signal, code): (Int32, Int32) = (0, 0)
        while case let process = csandbox_next_ended(&signal, &code), process > 0 {
            guard let worker = processes.first(where: { $0.value == process })?.key else { continue }
            processes[worker] = nil
            _ = tell(.ended(worker, signal: signal, code: code))
        }
    }

    private func becomeWorker(_ socket: Int32, _ instance: DuckDBInstance) -> Never {
        csandbox_become_child()
        close(control)
        close(ends)
        Worker.run(FrameSocket(socket), instance)
        _exit(0)
    }
}
