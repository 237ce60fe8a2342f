import AccessControl
import LoonCore
import Testing

@Suite struct PasswordHashTests {
    @Test func knowsItsPasswordAndNoOther() throws {
        let stored = try PasswordHash.make(Array("secret".utf8))
        #expect(stored.hasPrefix("scrypt$") && !stored.contains("secret"))
        #expect(try PasswordHash.matches(Array("secret".utf8), stored: stored))
        #expect(try !PasswordHash.matches(Array("Secret".utf8), stored: stored))
        #expect(try PasswordHash.make(Array("secret".utf8)) != stored, "each has a salt of its own")
    }

    @Test func theDecoyCanBeTriedAndNeverMatches() throws {
        #expect(try !PasswordHash.matches([], stored: PasswordHash.decoy))
    }

    @Test(arguments: ["", "x", "scrypt$1$1", "scrypt$x$8$1$AA==$AA==", "md5$1$1$1$AA==$AA=="])
    func aDamagedHashIsAnError(_ stored: String) {
        #expect(throws: QueryError.self) { try PasswordHash.matches([1], stored: stored) }
    }
}
