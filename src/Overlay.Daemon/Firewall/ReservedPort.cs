using Microsoft.Extensions.Logging;

namespace Overlay.Daemon;

/// <summary>Takes the tunnels' port out of those that the kernel gives to whoever asks for any (ip_local_reserved_ports).</summary>
/// <remarks>Such a socket would keep a daemon that starts later from its port. What is reserved already stays so.</remarks>
internal sealed class ReservedPort(ushort port, ILogger logger)
{
    private const string Parameter = "net/ipv4/ip_local_reserved_ports";

    private bool _isOurs;

    /// <summary>Adds the port to those that are reserved.</summary>
    public void Reserve()
    {
        string? before = Sysctl.Get(Parameter);
        if (before is null || Contains(before)) return;
        try
        {
            Sysctl.Set(Parameter, before.Length == 0 ? $"{port}" : $"{before},{port}");
            _isOurs = true;
            logger.LogInformation("port {Port} is taken out of those the kernel chooses from ({Parameter})", port, Parameter);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Parameter} cannot be set: {Reason}; a program may get port {Port} by chance", Parameter, exception.Message, port);
        }
    }

    /// <summary>Gives back what <see cref="Reserve"/> has taken, and only that.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public void Release()
    {
        if (!_isOurs || Sysctl.Get(Parameter) is not { } now) return;
        _isOurs = false;
        Sysctl.Set(Parameter, string.Join(',', now.Split(',').Where(part => part != $"{port}")));
    }

    // "8080,9000-9100", as the kernel joins what is adjacent.
    private bool Contains(string ports) => ports.Split(',', StringSplitOptions.RemoveEmptyEntries)
        .Select(static part => part.Split('-'))
        .Any(range => int.Parse(range[0]) <= port && port <= int.Parse(range[^1]));
}
