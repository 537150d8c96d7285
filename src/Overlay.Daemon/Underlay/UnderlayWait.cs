using Microsoft.Extensions.Logging;

namespace Overlay.Daemon.Underlay;

/// <summary>
/// The patience with the underlay, at a start and while the node runs: DHCP, a bond or a VPN may come after the daemon.
/// </summary>
/// <remarks>Any thread may wait and ask; each wait is by itself.</remarks>
internal sealed class UnderlayWait(TimeProvider time, ILogger<UnderlayWait> logger)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<object, string> _wanted = [];
    private string? _loggedChoice;

    /// <summary>The part of the underlay that is missing; null while nothing is waited for.</summary>
    public string? WaitingFor
    {
        get
        {
            lock (_lock) return _wanted.Values.FirstOrDefault();
        }
    }

    /// <summary>Looks again and again until the underlay is there.</summary>
    /// <param name="look">Looks once, the first time on the caller's thread.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ConfigurationException">The look has found a fault that no waiting cures.</exception>
    /// <exception cref="LinuxException">rtnetlink refused.</exception>
    /// <exception cref="OperationCanceledException">Told to stop.</exception>
    public async Task<UnderlayInterface> ForAsync(Func<UnderlayFinding> look, CancellationToken cancellationToken)
    {
        object wait = new();
        try
        {
            while (true)
            {
                switch (look())
                {
                    case UnderlayFinding.Found found:
                        Log(found, Forget(wait));
                        return found.Interface;
                    case UnderlayFinding.Missing missing:
                        if (Note(wait, missing.Wanted)) logger.WaitingForUnderlay(missing.Wanted);
                        break;
                }

                await Task.Delay(_pause, time, cancellationToken);
            }
        }
        finally
        {
            _ = Forget(wait);
        }
    }

    // Said once, however many wait for the same.
    private bool Note(object wait, string wanted)
    {
        lock (_lock)
        {
            bool isNew = !_wanted.ContainsValue(wanted);
            _wanted[wait] = wanted;
            return isNew;
        }
    }

    private bool Forget(object wait)
    {
        lock (_lock) return _wanted.Remove(wait);
    }

    private void Log(UnderlayFinding.Found found, bool wasMissing)
    {
        if (wasMissing) logger.UnderlayIsThere(found.Interface.Link.Name);
        lock (_lock)
        {
            if (found.Choice is null || found.Choice == _loggedChoice) return;
            _loggedChoice = found.Choice;
        }

        logger.AddressChosen(found.Choice);
    }
}
