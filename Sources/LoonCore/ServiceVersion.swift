/// The release of the daemon.
package enum ServiceVersion {
    package static let text = "0.1.0"
}
