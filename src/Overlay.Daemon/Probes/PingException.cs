namespace Overlay.Daemon.Probes;

/// <summary>A ping that cannot be begun; the message is for the operator who asked for it.</summary>
internal sealed class PingException(PingFault fault, string message) : Exception(message)
{
    public PingFault Fault { get; } = fault;
}

/// <summary>The reason why a ping cannot be begun.</summary>
internal enum PingFault
{
    /// <summary>A parameter is out of its range.</summary>
    BadQuestion,

    /// <summary>No accepted peer has that name or address.</summary>
    UnknownTarget,

    /// <summary>Another ping is under way.</summary>
    Busy,
}
