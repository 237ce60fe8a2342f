/// An account by its name and its number. One that is made under the name of one that was dropped has another number,
/// and nothing of the old one's: its tasks, their results and its views are not the new one's.
package struct AccountIdentity: Sendable, Hashable {
    package let name: String
    /// 0 for accounts that an earlier version made, from 1 on for others; never given again.
    package let number: Int64

    package init(name: String, number: Int64) {
        self.name = name
        self.number = number
    }
}

/// A choice of tasks by their owners.
package enum TaskScope: Sendable, Equatable {
    case everybody
    /// All accounts that ever had the name.
    case named(String)
    case owned(AccountIdentity)

    package func contains(_ owner: AccountIdentity) -> Bool {
        switch self {
        case .everybody: true
        case .named(let name): owner.name == name
        case .owned(let account): owner == account
        }
    }

    /// The name of the only one whose tasks they are; `nil` for everybody's.
    package var accountName: String? {
        switch self {
        case .everybody: nil
        case .named(let name): name
        case .owned(let account): account.name
        }
    }
}
