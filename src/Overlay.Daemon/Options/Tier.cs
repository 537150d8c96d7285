namespace Overlay.Daemon.Options;

/// <summary>Where pods' packets are forwarded.</summary>
internal enum Tier
{
    /// <summary>By the daemon's workers.</summary>
    UserSpace,

    /// <summary>
    /// By eBPF programs in the kernel; workers do what those leave to them. The start ends where that cannot be.
    /// </summary>
    Ebpf,

    /// <summary>As <see cref="Ebpf"/> where the kernel has all it takes, else as <see cref="UserSpace"/>.</summary>
    Auto,
}
