using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Overlay.Daemon.Admin;
using Overlay.Daemon.Captures;
using Overlay.Daemon.Handover;
using Overlay.Daemon.Hosting;
using Overlay.Daemon.Lifecycle;
using Overlay.Daemon.Options;
using Overlay.Dataplane.Forwarding;
using Overlay.Fuzzing.Targets;
using Overlay.Testing;
using Serilog.Core;
using Serilog.Events;

namespace Overlay.Fuzzing.Admin;

/// <summary>The daemon's own composition, asked without a socket; it is never started, and so has no node.</summary>
/// <remarks>
/// Reports of a node are asked for under <c>/node</c>, where the filter in front of them that waits for one is missing.
/// Its table is empty, so that no ping sends anything.
/// </remarks>
internal sealed class AdminRequests : IDisposable
{
    // A capture goes on until its client leaves.
    private static readonly TimeSpan _visit = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    private readonly TempDirectory _directory = new();
    private readonly WebApplication _application;
    private readonly RequestDelegate _pipeline;
    private readonly CaptureGate _captures;
    private readonly LoggingLevelSwitch _level;
    private readonly MemoryStream _body = new();

    public AdminRequests()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Overlay:NodeName"] = "a",
            ["Overlay:Network:Cidr"] = "10.244.0.0/16",
            ["Overlay:Subnet"] = "10.244.1.0/24",
            ["Overlay:StateDirectory"] = _directory["state"],
            ["Overlay:ControlPlane:Kind"] = "File",
            ["Overlay:ControlPlane:File:Directory"] = _directory["leases"],
            ["Overlay:Admin:Socket"] = _directory["overlayd.sock"],
            ["Overlay:Admin:Http"] = "off",

            // A request for an upgrade is refused: it would start a program.
            ["Overlay:HandOver"] = "Off",
        }).Build();
        _application = Composition.Build(
            configuration, OverlayOptionsReader.Read(configuration), ProcessStart.Unknown, new ProcessOutcome(), null);
        IServiceProvider services = _application.Services;
        _level = services.GetRequiredService<LoggingLevelSwitch>();
        _captures = services.GetRequiredService<CaptureGate>();
        RouteGroupBuilder node = _application.MapGroup("/node");
        CaptureEndpoint.Map(node, services);
        TraceEndpoint.Map(
            node, services.GetRequiredService<NodeStatus>(), services.GetRequiredService<TablePublisher>());
        PingRequests pings = services.GetRequiredService<PingRequests>();
        _ = node.MapGet(
            "/ping", (HttpRequest request, CancellationToken aborted) => pings.AnswerAsync(request, aborted));
        _ = _application.UseRouting();
        _ = _application.UseEndpoints(static _ => { });
        _pipeline = ((IApplicationBuilder)_application).Build();
    }

    public void Answer(ReadOnlySpan<byte> input)
    {
        FuzzInput rest = new(input);
        string line = Encoding.Latin1.GetString(rest.Until((byte)'\n'));
        string[] words = line.Split(' ', 2);
        if (words.Length < 2 || !TryReadPath(words[1].Split('?', 2)[0], out PathString path)) return;
        _level.MinimumLevel = LogEventLevel.Fatal;
        using IServiceScope scope = _application.Services.CreateScope();
        using CancellationTokenSource leaves = new();
        using MemoryStream request = new(rest.Rest.ToArray(), writable: false);
        _body.SetLength(0);
        DefaultHttpContext context = new() { RequestServices = scope.ServiceProvider, RequestAborted = leaves.Token };
        context.Request.Method = words[0];
        context.Request.Path = path;
        context.Request.QueryString = words[1].IndexOf('?') is >= 0 and int at
            ? new QueryString(words[1][at..])
            : QueryString.Empty;
        context.Request.Body = request;
        context.Request.ContentLength = request.Length;
        context.Response.Body = _body;
        Task answering = _pipeline(context);
        Await(answering, leaves);
        if (answering.IsCanceled && leaves.IsCancellationRequested) return;
        answering.GetAwaiter().GetResult();
        Check(context.Response);
        _level.MinimumLevel = LogEventLevel.Fatal;
    }

    public void Dispose()
    {
        ((IDisposable)_application).Dispose();
        _body.Dispose();
        _directory.Dispose();
    }

    // What Kestrel refuses itself gets no further.
    private static bool TryReadPath(string text, out PathString path)
    {
        path = default;
        if (!text.StartsWith('/')) return false;
        try
        {
            path = PathString.FromUriComponent(text);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private void Await(Task answering, CancellationTokenSource leaves)
    {
        long since = Stopwatch.GetTimestamp();
        while (!((IAsyncResult)answering).AsyncWaitHandle.WaitOne(_visit))
        {
            if (_captures.Status is not null) leaves.Cancel();
            Invariant.Holds(Stopwatch.GetElapsedTime(since) < _patience, "an answer ends");
        }
    }

    private void Check(HttpResponse response)
    {
        Invariant.Holds(
            response.StatusCode is 200 or 400 or 404 or 405 or 409 or 415 or 503,
            $"a request is answered or refused, and does not fail: {response.StatusCode}");
        if (response.ContentType?.StartsWith("application/json", StringComparison.Ordinal) == true)
        {
            using JsonDocument answer = JsonDocument.Parse(_body.ToArray());
            Invariant.Holds(response.StatusCode == 200);
        }
        else if (response.StatusCode is 400 or 409 && _body.Length > 0)
            Sentence.Check(Encoding.UTF8.GetString(_body.ToArray()).TrimEnd('\n'));
    }
}
