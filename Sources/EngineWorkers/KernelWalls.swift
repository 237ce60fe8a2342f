import CSandbox

/// The walls that the kernel has for a worker.
package enum KernelWalls {
    /// The version of Landlock, 0 where there is none; `highest` masks newer ones.
    package static func version(highest: Int) -> Int {
        Int(csandbox_landlock_version(Int32(clamping: highest)))
    }
}
