import LoonCore
import NIOCore

/// Authentication (https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html,
/// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html)
extension ConnectionStateMachine {
    mutating func lookUp(_ response: HandshakeResponse) -> Action {
        // No account's name is as long; a peer's may be 64 KiB, and goes into logs and an error.
        let user = String(
            String.UnicodeScalarView(response.user.unicodeScalars.prefix(Limits.shownAccountCharactersMax)))
        let attempt = Attempt(
            user: user, database: response.database, attributes: response.attributes,
            usesPassword: !response.authentication.isEmpty,
            answer: response.authentication,
            plugin: response.plugin.flatMap(AuthenticationPlugin.init)
                ?? (response.plugin == nil ? .nativePassword : nil))
        state = .lookingUp(attempt)
        attemptedUser = attempt.user
        return .lookUp(user: attempt.user)
    }

    mutating func found(_ credentials: StoredCredentials) -> Action {
        guard case .lookingUp(let attempt) = state else { return .none }
        return check(attempt, credentials)
    }

    mutating func check(_ attempt: Attempt, _ credentials: StoredCredentials) -> Action {
        guard attempt.plugin == credentials.plugin else {
            guard capabilities.contains(.pluginAuthentication) else { return deny(attempt) }
            state = .awaitingAnswer(attempt, credentials)
            return send(Greeting.switchRequest(to: credentials.plugin, nonce: terms.nonce))
        }
        // Loon has no account without a password.
        if attempt.answer.isEmpty || attempt.answer == [0] { return deny(attempt) }
        switch credentials {
        case .native(let doubleSHA1):
            let matches = Scramble.nativeMatches(answer: attempt.answer, nonce: terms.nonce, doubleSHA1: doubleSHA1)
            return matches ? open(attempt) : deny(attempt)
        case .cachingSHA2(let doubleSHA256):
            if let doubleSHA256,
                Scramble.sha2Matches(answer: attempt.answer, nonce: terms.nonce, doubleSHA256: doubleSHA256)
            {
                pendingFastSuccess = true
                return open(attempt)
            }
            state = .awaitingSecret(attempt, keySent: false)
            return send(ByteBuffer(bytes: [0x01, 0x04]))  // perform full authentication
        }
    }

    mutating func secret(_ payload: ByteBuffer, _ attempt: Attempt, keySent: Bool) -> Action {
        var payload = payload
        let bytes = payload.readBytes(length: payload.readableBytes) ?? []
        if bytes == [0x02], !keySent {
            state = .awaitingSecret(attempt, keySent: true)
            return send(ByteBuffer(bytes: [0x01] + Array(terms.publicPEM.utf8)))
        }
        // Clients send the password itself over TLS and on a Unix socket; libmariadb 3.3 over loopback too, even
        // without TLS.
        if isSecure || (terms.isLocal && !keySent && bytes.count != PasswordKey.cipherBytes), bytes.last == 0 {
            return verify(attempt, .clear(bytes.dropLast()))
        }
        // A client that has the key already encrypts without asking for it.
        if keySent || bytes.count == PasswordKey.cipherBytes {
            return verify(attempt, .encrypted(bytes, nonce: terms.nonce))
        }
        return deny(attempt)
    }

    private mutating func verify(_ attempt: Attempt, _ proof: PasswordProof) -> Action {
        state = .verifying(attempt)
        return .verify(user: attempt.user, proof: proof)
    }

    mutating func verified(_ isRight: Bool?) -> Action {
        guard case .verifying(let attempt) = state else { return .none }
        guard let isRight else { return refuse(QueryError(.queueFull, "Too many logins are waiting; try again")) }
        return isRight ? open(attempt) : deny(attempt)
    }

    private mutating func open(_ attempt: Attempt) -> Action {
        state = .opening(attempt)
        return .open(
            user: attempt.user, database: attempt.database, attributes: attempt.attributes,
            isInteractive: capabilities.contains(.interactive))
    }

    private mutating func deny(_ attempt: Attempt) -> Action {
        let used = attempt.usesPassword ? "YES" : "NO"
        return refuse(
            QueryError(
                .authenticationFailed,
                "Access denied for user '\(attempt.user)'@'\(terms.host)' (using password: \(used))"))
    }
}
