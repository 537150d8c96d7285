using System.Diagnostics;
using System.Net;
using Overlay.Lab;
using Overlay.Lab.Topology;

namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>Two pods that exchange datagrams all the while, and of which neither may miss one.</summary>
internal sealed class HonestTraffic : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _end = new();
    private readonly Task _exchange;
    private int _rounds;

    public HonestTraffic(Pod one, Pod other) =>
        _exchange = Task.Factory.StartNew(() => Exchange(one, other), TaskCreationOptions.LongRunning);

    /// <summary>Nothing was lost since the start, and another round passes now.</summary>
    public void CheckGoesOn()
    {
        Stopwatch watch = Stopwatch.StartNew();
        for (int seen = Volatile.Read(ref _rounds); Volatile.Read(ref _rounds) < seen + 2;)
        {
            if (_exchange.IsFaulted) throw new LabException("honest traffic has suffered", _exchange.Exception);
            if (watch.Elapsed > _patience) throw new LabException("honest traffic does not come through");
            Thread.Sleep(5);
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _ = ((IAsyncResult)_exchange).AsyncWaitHandle.WaitOne(_patience);
        _end.Dispose();
    }

    private void Exchange(Pod one, Pod other)
    {
        (Pod From, Pod To, IPAddress Address)[] ways =
            [.. other.Addresses.Select(
                address => (one, other, address)), .. one.Addresses.Select(address => (other, one, address))];
        while (!_end.IsCancellationRequested)
        {
            foreach ((Pod from, Pod to, IPAddress address) in ways) UdpExchange.Check(from, to, address);
            _ = Interlocked.Increment(ref _rounds);
            _ = _end.Token.WaitHandle.WaitOne(10);
        }
    }
}
