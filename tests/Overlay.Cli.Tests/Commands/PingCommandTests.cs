using System.Text.Json;
using Overlay.Cli.Commands;

namespace Overlay.Cli.Tests;

/// <summary>The exit code of a ping, which scripts go by.</summary>
public sealed class PingCommandTests
{
    private const string Sound = """{"kind":"overlay","sent":32,"received":32,"mtu":{"bytes":1450,"device":1450}}""";

    [Theory]
    [InlineData(Sound, "null", 0)]
    [InlineData(Sound, """{"sent":5,"received":5}""", 0)]
    [InlineData("", "null", 0)]
    public void All_that_came_back_is_sound(string peers, string pod, int leftOut) =>
        IsSound(peers, pod, leftOut).ShouldBeTrue();

    [Theory]
    [InlineData("""{"kind":"overlay","sent":32,"received":31,"mtu":{"bytes":1450,"device":1450}}""", "null", 0)]
    [InlineData("""{"kind":"overlay","sent":32,"received":32,"mtu":{"bytes":1400,"device":1450}}""", "null", 0)]
    [InlineData("""{"kind":"overlay","sent":32,"received":32,"mtu":{"bytes":null,"device":1450}}""", "null", 0)]
    [InlineData("""{"kind":"icmp","sent":5,"received":5,"mtu":null}""", "null", 0)]
    [InlineData("""{"kind":"none","sent":0,"received":0,"mtu":null}""", "null", 0)]
    [InlineData(Sound + "," + """{"kind":"none","sent":0,"received":0,"mtu":null}""", "null", 0)]
    [InlineData(Sound, """{"sent":5,"received":4}""", 0)]
    [InlineData(Sound, """{"sent":0,"received":0}""", 0)]
    [InlineData(Sound, "null", 1)]
    public void Anything_that_is_lost_or_not_answered_is_not(string peers, string pod, int leftOut) =>
        IsSound(peers, pod, leftOut).ShouldBeFalse();

    private static bool IsSound(string peers, string pod, int leftOut)
    {
        using JsonDocument report =
            JsonDocument.Parse($$"""{"peers":[{{peers}}],"pod":{{pod}},"leftOut":{{leftOut}}}""");
        return PingCommand.IsSound(report.RootElement);
    }
}
