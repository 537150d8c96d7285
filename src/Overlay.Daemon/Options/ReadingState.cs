using System.Net;

namespace Overlay.Daemon.Options;

/// <summary>
/// The results of one reading of the configuration, besides the options: the keys that were asked for, and the faults.
/// </summary>
internal sealed class ReadingState
{
    /// <summary>The name of this host, which is the node's where none is configured.</summary>
    public string HostName { get; init; } = Dns.GetHostName();

    public List<ConfigurationKey> Keys { get; } = [];

    /// <summary>The faults so far, a line each.</summary>
    public List<string> Faults { get; } = [];
}
