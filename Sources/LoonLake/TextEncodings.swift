import Foundation

/// The encodings that text may be in.
enum TextEncodings {
    /// Whether iconv knows an encoding by this name.
    static func knows(_ encoding: String) -> Bool {
        guard !encoding.utf8.contains(0), !encoding.contains("/"), let converter = iconv_open("UTF-8", encoding),
            converter != iconv_t(bitPattern: -1)
        else { return false }
        iconv_close(converter)
        return true
    }
}
