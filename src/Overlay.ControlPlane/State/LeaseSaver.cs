using System.Threading.Channels;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>Saves the peers beside what changes them, and as fast as the disk is: no update waits for it.</summary>
/// <remarks>A crash loses no more of it than what the store said in its last second.</remarks>
/// <param name="cache">Where to.</param>
/// <param name="time">Clock of the wait between two times.</param>
public sealed class LeaseSaver(LeaseCache cache, TimeProvider time)
{
    // Of many peers that change all the time the disk would see nothing else: it gets a twentieth of the time.
    private const int Rest = 20;

    private static readonly TimeSpan _longestRest = TimeSpan.FromSeconds(1);

    private readonly Channel<PeersSnapshot> _unsaved = Channel.CreateBounded<PeersSnapshot>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>These are the peers now. Never waits.</summary>
    public void Note(PeersSnapshot peers) => _ = _unsaved.Writer.TryWrite(peers);

    /// <summary>Saves what is noted until it is cancelled, and what is noted last then.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _unsaved.Reader.WaitToReadAsync(cancellationToken))
            {
                long begun = time.GetTimestamp();
                Save();
                TimeSpan rest = Rest * time.GetElapsedTime(begun);
                await Task.Delay(rest < _longestRest ? rest : _longestRest, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Save();
        }
    }

    private void Save()
    {
        if (_unsaved.Reader.TryRead(out PeersSnapshot? peers)) cache.Save(peers);
    }
}
