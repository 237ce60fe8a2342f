import CCurl
import Foundation
import LoonCore

/// HTTP requests through libcurl's multi interface (https://curl.se/libcurl/c/libcurl-multi.html). Confined to the
/// pump's thread, but for `wake`.
///
/// `@unchecked`: `curl_multi_wakeup` is the one call that libcurl allows from another thread, and the handle lives as
/// long as this object.
final class CurlTransfers: Transport, @unchecked Sendable {
    /// One request with all that libcurl's callbacks write into while it runs; used again for another when it has
    /// ended.
    private final class Transfer {
        let easy: UnsafeMutableRawPointer
        var number: Int64 = 0
        var addresses: Set<AddressClass> = []
        var headers: UnsafeMutablePointer<curl_slist>?
        var answer: [UInt8] = []
        /// The address that was refused, if one was.
        var refusedAddress: AddressClass?
        /// The endpoint said more than is read.
        var isCut = false
        /// Another of the host's addresses was allowed.
        var hasTried = false

        init(easy: UnsafeMutableRawPointer) { self.easy = easy }

        deinit {
            curl_slist_free_all(headers)
            curl_easy_cleanup(easy)
        }
    }

    private let multi: UnsafeMutableRawPointer
    private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    /// Have ended.
    private var idle: [Transfer] = []
    private let options: Notifier.Options

    /// Called once in a process, before any thread uses libcurl.
    static let globalInit: Bool = ccurl_global_init() == CURLE_OK

    init(_ options: Notifier.Options) throws(QueryError) {
        guard Self.globalInit, let multi = curl_multi_init() else {
            throw QueryError(.internalFault, "libcurl does not start")
        }
        self.multi = multi
        self.options = options
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Limits.messagesInFlightMax)
    }

    deinit {
        for easy in transfers.keys { curl_multi_remove_handle(multi, easy) }
        transfers.removeAll()
        curl_multi_cleanup(multi)
    }

    func start(
        url: String, headers: [(name: String, value: String)], body: [UInt8], number: Int64,
        addresses: Set<AddressClass>
    ) throws(QueryError) {
        for header in headers where header.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw QueryError(.hintValue, "the header \(header.name) would hold a control character")
        }
        let transfer: Transfer
        if let used = idle.popLast() { transfer = used } else { transfer = try makeTransfer() }
        let easy = transfer.easy
        transfer.number = number
        transfer.addresses = addresses
        transfer.answer = []
        transfer.refusedAddress = nil
        transfer.isCut = false
        transfer.hasTried = false
        curl_slist_free_all(transfer.headers)
        transfer.headers = nil
        for header in headers {
            transfer.headers = curl_slist_append(transfer.headers, "\(header.name): \(header.value)")
        }
        // libcurl would ask before it sends a long body.
        transfer.headers = curl_slist_append(transfer.headers, "Expect:")
        let results = [
            ccurl_set_string(easy, CURLOPT_URL, url),
            ccurl_set_long(easy, CURLOPT_POSTFIELDSIZE, body.count),
            // Copied by libcurl, so that no pointer into the array is kept.
            body.withUnsafeBytes {
                ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: $0.baseAddress))
            },
            ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, transfer.headers),
        ]
        guard results.allSatisfy({ $0 == CURLE_OK }), curl_multi_add_handle(multi, easy) == CURLM_OK else {
            throw QueryError(.internalFault, "libcurl does not take a request")
        }
        transfers[easy] = transfer
    }

    private func makeTransfer() throws(QueryError) -> Transfer {
        guard let easy = curl_easy_init() else { throw QueryError(.outOfMemory, "libcurl has no memory for a request") }
        let transfer = Transfer(easy: easy)
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        var results = [
            ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
            ccurl_set_string(easy, CURLOPT_PROXY, ""),  // not the environment's
            ccurl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS),
            ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1),
            // Nobody waits for a resolver's thread: a slow name server would hold up every message.
            ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1),
            // The path is signed, or names a broker's object: as it stands.
            ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1),
            ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0),
            ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, options.connectMilliseconds),
            ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, options.totalMilliseconds),
            ccurl_set_long(easy, CURLOPT_POST, 1),
            ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context),
            ccurl_set_write_function(easy, Self.takeAnswer),
            ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context),
            ccurl_set_open_socket_function(easy, Self.openSocket),
        ]
        if let file = options.authoritiesFile { results.append(ccurl_set_string(easy, CURLOPT_CAINFO, file)) }
        guard results.allSatisfy({ $0 == CURLE_OK }) else {
            throw QueryError(.internalFault, "libcurl does not take a request's options")
        }
        return transfer
    }

    /// Moves the transfers on, waits at most `milliseconds` for something to happen, and returns those that have ended.
    func perform(waiting milliseconds: Int32) -> [(number: Int64, ending: TransferEnding)] {
        var running: Int32 = 0
        curl_multi_perform(multi, &running)
        var ended = takeEnded()
        if ended.isEmpty, milliseconds > 0 {
            curl_multi_poll(multi, nil, 0, milliseconds, nil)
            curl_multi_perform(multi, &running)
            ended = takeEnded()
        }
        return ended
    }

    /// Ends a wait. From any thread.
    func wake() { curl_multi_wakeup(multi) }

    private func takeEnded() -> [(number: Int64, ending: TransferEnding)] {
        var ended: [(number: Int64, ending: TransferEnding)] = []
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = ccurl_message_result(message)
            guard let transfer = transfers[easy] else { continue }
            var status = 0
            _ = ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
            if result == CURLE_OK || transfer.isCut {
                // Seconds, which libcurl makes of either form of the header.
                var seconds: curl_off_t = 0
                _ = ccurl_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
                let retryAfter =
                    seconds > 0 ? min(Int64(min(seconds, 86_400)) * 1_000, Limits.retryAfterMillisecondsMax) : nil
                ended.append(
                    (transfer.number, .answered(status: status, body: transfer.answer, retryAfter: retryAfter)))
            } else if let refused = transfer.refusedAddress, !transfer.hasTried {
                ended.append((transfer.number, .refusedAddress(refused)))
            } else {
                ended.append((transfer.number, .broken(String(cString: curl_easy_strerror(result)))))
            }
            curl_multi_remove_handle(multi, easy)
            transfers[easy] = nil
            if idle.count < Limits.messagesInFlightMax { idle.append(transfer) }
        }
        return ended
    }

    // MARK: Callbacks, on the pump's thread

    private static let takeAnswer:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
            bytes, size, count, context in
            guard let bytes, let context else { return 0 }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            let length = size * count
            // More than a broker says is no broker's answer; its beginning tells enough.
            let room = Limits.brokerAnswerBytesMax - transfer.answer.count
            transfer.answer += UnsafeRawBufferPointer(start: bytes, count: min(length, room))
            transfer.isCut = length > room
            return transfer.isCut ? 0 : length
        }

    /// Checks the address that libcurl is about to connect to, after the name was resolved.
    private static let openSocket:
        @convention(c) (UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t =
            {
                context, _, target in
                guard let context, let target else { return -1 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                let address = addressClass(target)
                guard transfer.addresses.contains(address) else {
                    transfer.refusedAddress = address
                    return -1  // CURL_SOCKET_BAD
                }
                transfer.hasTried = true
                return socket(
                    target.pointee.family, target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
                    target.pointee.protocol)
            }

    private static func addressClass(_ target: UnsafeMutablePointer<curl_sockaddr>) -> AddressClass {
        switch target.pointee.family {
        case AF_INET:
            return withUnsafePointer(to: target.pointee.addr) { pointer in
                pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    AddressClass(address: withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) })
                }
            }
        case AF_INET6:
            // The struct's last field is declared as a plain sockaddr, but is as long as `addrlen` says.
            let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
            return (UnsafeRawPointer(target) + offset).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                address in
                AddressClass(address: withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) })
            }
        default: return .reserved
        }
    }
}
