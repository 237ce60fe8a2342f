import LoonTasks
import Notifier

extension Housekeeping.Settings {
    init(_ configuration: Configuration) {
        self.init(
            dataDirectory: configuration.dataDirectory, warnFreeMiB: configuration.warnFreeMiB,
            minFreeMiB: configuration.minFreeMiB, keepDays: configuration.keepDays, keepCount: configuration.keepCount)
    }
}

extension NotificationHints {
    init(_ configuration: Configuration, sender: SenderIdentity) {
        self.init(
            sender: sender, accountDefaults: configuration.accountNotifications,
            clusterDefaults: configuration.clusterNotifications, mnsEndpoint: configuration.mnsEndpoint)
    }
}
