using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Lab.Topology;

namespace Overlay.Dataplane.Ebpf.Tests;

/// <summary>Pings at short distances that go on beside a test.</summary>
internal sealed partial class Pings(Node node, string target, int count) : IDisposable
{
    // 4 ms apart.
    private readonly Task<string> _run = Task.Run(() => node.Run(
        TimeSpan.FromSeconds(60), "ping", "-n", "-q", "-i", "0.004", "-W", "1", "-c",
        count.ToString(CultureInfo.InvariantCulture), target).Output);

    public bool IsOver => _run.IsCompleted;

    /// <summary>Waits for the last, and says how many had no answer.</summary>
    public int Lost()
    {
        Match sums = Sums().Match(_run.Result);
        sums.Success.ShouldBeTrue(_run.Result);
        return count - int.Parse(sums.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public void Dispose() => _run.Wait();

    [GeneratedRegex(@"transmitted, (\d+) received")]
    private static partial Regex Sums();
}
