using Microsoft.Extensions.Logging;
using Overlay.Daemon.Lifecycle;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Overlay.Daemon.Tests;

public sealed class LifecycleEventsTests
{
    [Fact]
    public void A_node_is_described_with_its_underlay()
    {
        Lines lines = new();
        using (SerilogLoggerFactory loggers = new(new LoggerConfiguration().WriteTo.Sink(lines).CreateLogger(), true))
        {
            loggers.CreateLogger<LifecycleEventsTests>().NodeIs(
                "a", "overlay.1", 1, 1450, "02:00:00:00:00:01", "eth0", "192.0.2.1", 8472, "10.244.1.0/24");
        }

        lines.Written.ShouldBe([
            "node a: overlay.1 VNI 1 MTU 1450, VTEP 02:00:00:00:00:01 on eth0 192.0.2.1 port 8472, pods 10.244.1.0/24",
        ]);
    }

    private sealed class Lines : ILogEventSink
    {
        public List<string> Written { get; } = [];

        public void Emit(LogEvent logEvent) =>
            Written.Add(logEvent.RenderMessage().Replace("\"", "", StringComparison.Ordinal));
    }
}
