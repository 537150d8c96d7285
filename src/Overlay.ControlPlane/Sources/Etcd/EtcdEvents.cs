using Microsoft.Extensions.Logging;

namespace Overlay.ControlPlane.Sources.Etcd;

/// <summary>Log events of the etcd source: 2100 to 2119.</summary>
internal static partial class EtcdEvents
{
    [LoggerMessage(EventId = 2100, Level = LogLevel.Warning, Message =
        "etcd {Place} is plain HTTP, where anyone on the way can read the password of {User}; give https endpoints "
        + "and CaFile")]
    public static partial void PasswordInTheClear(this ILogger logger, string place, string user);
}
