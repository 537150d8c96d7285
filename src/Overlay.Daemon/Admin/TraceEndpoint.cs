using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Networks;
using Overlay.Daemon.Tracing;
using Overlay.Daemon.Underlay;
using Overlay.Dataplane.Forwarding;
using Overlay.Host.Interop;
using Overlay.Host.Netlink;
using Overlay.Wire.Values;

namespace Overlay.Daemon.Admin;

/// <summary>Answers what this node would do with a packet: <c>/v1/trace?source=IP&amp;destination=IP&amp;tcp=true</c>.</summary>
internal static class TraceEndpoint
{
    private const string Example = "example: overlayctl trace 10.244.1.2 10.244.2.2";

    /// <param name="group">The admin socket's reports of a node that is made.</param>
    /// <param name="node">The node.</param>
    /// <param name="publisher">Has the table that the workers use.</param>
    public static void Map(RouteGroupBuilder group, NodeStatus node, TablePublisher publisher) =>
        group.MapGet("/trace", (string? source, string? destination, bool? tcp) =>
        {
            if (!IpAddress.TryParse(source ?? "", out IpAddress from)) return Refuse($"'{source}' is no IP address");
            if (!IpAddress.TryParse(destination ?? "", out IpAddress to))
                return Refuse($"'{destination}' is no IP address");
            if (from.Family != to.Family) return Refuse($"{from} and {to} are of two families");
            if (node.Network is not { } network || node.Underlay is not { } underlay)
                return PlainText.Answer(StatusCodes.Status503ServiceUnavailable, "overlayd is starting");
            return Answer(node, network, underlay, publisher.Current, from, to, tcp == true);
        });

    private static IResult Answer(
        NodeStatus node, OverlayNetwork network, UnderlayInterface underlay, ForwardingTable table, IpAddress from,
        IpAddress to, bool isTcp)
    {
        try
        {
            using RouteNetlink netlink = new();
            PacketTrace trace = new(netlink, node.Options, network, underlay, table);
            return Results.Json(
                new TraceReport(Report(trace.Trace(from, to, isTcp)), Report(trace.Trace(to, from, isTcp))),
                AdminJson.Default.TraceReport);
        }
        catch (LinuxException exception)
        {
            return PlainText.Answer(
                StatusCodes.Status500InternalServerError, $"the kernel cannot be asked: {exception.Message}");
        }
    }

    private static IReadOnlyList<TraceStepReport> Report(IReadOnlyList<TraceStep> steps) =>
        [.. steps.Select(static step => new TraceStepReport(step.Step, step.Text, step.IsGood))];

    private static IResult Refuse(string fault) =>
        PlainText.Answer(StatusCodes.Status400BadRequest, $"{fault}; {Example}");
}
