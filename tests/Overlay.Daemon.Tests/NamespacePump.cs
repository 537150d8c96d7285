using System.Collections.Concurrent;
using Overlay.Lab.Topology;

namespace Overlay.Daemon.Tests;

/// <summary>
/// Runs asynchronous code inside a node's network namespace: whatever follows an await runs there too, on one thread.
/// </summary>
internal sealed class NamespacePump : SynchronizationContext
{
    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _posted = [];

    public static void Run(Node node, Func<Task> action) => node.Invoke(() =>
    {
        NamespacePump pump = new();
        SetSynchronizationContext(pump);
        Task task = action();
        _ = task.ContinueWith(_ => pump._posted.CompleteAdding(), TaskScheduler.Default);
        foreach ((SendOrPostCallback callback, object? state) in pump._posted.GetConsumingEnumerable()) callback(state);
        task.GetAwaiter().GetResult();
    });

    // A callback behind the end belongs to nobody.
    public override void Post(SendOrPostCallback d, object? state)
    {
        if (!_posted.IsAddingCompleted) _posted.Add((d, state));
    }
}
