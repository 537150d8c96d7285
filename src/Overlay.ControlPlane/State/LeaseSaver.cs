using System.Threading.Channels;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.State;

/// <summary>Saves the peers on a thread of its own, as fast as the disk is: no update waits for the disk.</summary>
/// <remarks>A crash loses at most the updates of the last second.</remarks>
/// <param name="leases">The file.</param>
/// <param name="time">Clock of the wait between two times.</param>
internal sealed class LeaseSaver(SavedLeases leases, TimeProvider time)
{
    // Many peers that change all the time would keep the disk busy: saving gets a twentieth of the time.
    private const int Rest = 20;

    private static readonly TimeSpan _longestRest = TimeSpan.FromSeconds(1);

    private readonly Channel<PeersSnapshot> _unsaved = Channel.CreateBounded<PeersSnapshot>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Takes the current peers, in place of those not saved yet. Never waits.</summary>
    public void Note(PeersSnapshot peers) => _ = _unsaved.Writer.TryWrite(peers);

    /// <summary>Saves until cancelled, and then the peers noted last.</summary>
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
        if (_unsaved.Reader.TryRead(out PeersSnapshot? peers)) leases.Save(peers);
    }
}
