using System.Collections.Concurrent;
using Overlay.Host.Netlink;

namespace Overlay.Cni.Tests;

/// <summary>Many calls of the executable at once.</summary>
public sealed class ParallelTests : IDisposable
{
    private const int Attachments = 200;

    private readonly WiredNode _node = new();

    public void Dispose() => _node.Dispose();

    [Fact]
    public void Two_hundred_attachments_at_once_have_an_address_each_and_leave_none()
    {
        string configuration = _node.Configuration();
        ConcurrentBag<string> given = [];
        All((pod, name) =>
        {
            foreach (string address in WiredNode.Addresses(_node.Add(configuration, pod, name))) given.Add(address);
        });
        given.Count.ShouldBe(2 * Attachments);
        given.ShouldBeUnique();
        _node.PodAddresses().ShouldBe(given, ignoreOrder: true);
        _node.Directory.Allocations("net").Keys.ShouldBe(given, ignoreOrder: true);
        _node.Directory.RecordFiles().Count.ShouldBe(Attachments);
        Ports().ShouldBe(Attachments);

        All((pod, name) => _node.Call("DEL", configuration, pod, name).ShouldBe((0, "")));
        _node.Left().ShouldBeEmpty();
        Ports().ShouldBe(0);
    }

    // Sixteen at work at any time: what more there is waits for its turn.
    private static void All(Action<int, string> action)
    {
        ConcurrentQueue<(int Pod, string Name)> waiting = new(
            Enumerable.Range(0, Attachments)
                .Select(static i => ((i % WiredNode.Pods) + 1, $"eth{i / WiredNode.Pods}")));
        ConcurrentBag<Exception> failures = [];
        Thread[] runtimes = [.. Enumerable.Range(0, 16).Select(_ => new Thread(() =>
        {
            try
            {
                while (waiting.TryDequeue(out (int Pod, string Name) next)) action(next.Pod, next.Name);
            }
            catch (Exception exception)
            {
                failures.Add(exception);
            }
        }))];
        foreach (Thread runtime in runtimes) runtime.Start();
        foreach (Thread runtime in runtimes) runtime.Join();
        failures.ShouldBeEmpty();
    }

    private int Ports() => _node.Lab.Host.Invoke(static () =>
    {
        using RouteNetlink netlink = new();
        int bridge = netlink.FindLink("cni0")!.Index;
        return netlink.GetLinks().Count(link => link.MasterIndex == bridge);
    });
}
