using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Overlay.Testing.Kubernetes;

/// <summary>Answers about nodes as a Kubernetes 1.36 API server does, over real HTTP, and wrongly on command.</summary>
public sealed class ApiServerStandin : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly NodeApi _api;
    private readonly ConcurrentQueue<SeenRequest> _requests = new();
    private readonly Lock _gate = new();
    private readonly List<(Predicate<SeenRequest> Matches, Wrongdoing Wrongdoing, int Times)> _wrongdoings = [];

    private ApiServerStandin(WebApplication application, NodeApi api)
    {
        _application = application;
        _api = api;
    }

    public Uri Url { get; private set; } = null!;

    public NodeStore Nodes => _api.Nodes;

    /// <summary>All requests so far, in the order in which they came.</summary>
    public IReadOnlyList<SeenRequest> Requests => [.. _requests];

    /// <summary>The tokens that are taken; empty for none needed.</summary>
    public IReadOnlyList<string> Tokens { get; set; } = [];

    /// <summary>Refuses watches that ask for the state first, as an API server on an old etcd does.</summary>
    public bool IsStateWatchRefused
    {
        get => _api.IsStateWatchRefused;
        set => _api.IsStateWatchRefused = value;
    }

    /// <summary>The cluster's NetworkPolicy objects; null where the client has no right to list them.</summary>
    public IReadOnlyList<JsonObject>? Policies { get; set; }

    /// <summary>The node of each pod, by namespace/name.</summary>
    public IReadOnlyDictionary<string, string> Pods { get; set; } = new Dictionary<string, string>();

    /// <summary>How many watches are open.</summary>
    public int Watches => _api.Watches.Count;

    public static async Task<ApiServerStandin> StartAsync(StandinOptions? options = null)
    {
        options ??= new();
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        _ = builder.Logging.ClearProviders();
        _ = builder.WebHost.UseKestrelHttpsConfiguration();
        _ = builder.WebHost.ConfigureKestrel(
            kestrel => kestrel.Listen(options.Address, options.Port, listen => Configure(listen, options)));
        if (options.Bind is { } bind) _ = builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = bind);
        WebApplication application = builder.Build();
        ApiServerStandin standin = new(application, new NodeApi(options));
        application.Run(standin.AnswerAsync);
        await application.StartAsync();
        standin.Url =
            new Uri(
                application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return standin;
    }

    /// <summary>Answers the next requests of that kind wrongly.</summary>
    public void Misbehave(Predicate<SeenRequest> matches, Wrongdoing wrongdoing, int times = 1)
    {
        lock (_gate) _wrongdoings.Add((matches, wrongdoing, times));
    }

    /// <summary>Answers rightly again.</summary>
    public void Behave()
    {
        lock (_gate) _wrongdoings.Clear();
    }

    /// <summary>Sends text into every open watch.</summary>
    public Task SendAsync(string text) => Task.WhenAll(_api.Watches.Select(watch => watch.SendAsync(text)));

    /// <summary>Ends every open watch as time does.</summary>
    public Task EndWatchesAsync() => Task.WhenAll(_api.Watches.Select(static watch => watch.EndAsync()));

    /// <summary>Tears down every open watch.</summary>
    public void AbortWatches()
    {
        foreach (WatchStream watch in _api.Watches) watch.Abort();
    }

    /// <summary>Open watches say nothing more, no bookmark either, and stay open.</summary>
    public void MuteWatches()
    {
        foreach (WatchStream watch in _api.Watches) watch.IsMute = true;
    }

    public async ValueTask DisposeAsync()
    {
        AbortWatches();
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }

    private static void Configure(ListenOptions listen, StandinOptions options)
    {
        listen.Protocols = options is { Certificates: not null, OffersHttp2: true }
            ? HttpProtocols.Http1AndHttp2
            : HttpProtocols.Http1;
        if (options.Certificates is null) return;
        X509Certificate2 certificate =
            options.Certificates.Server(options.Address.ToString(), "localhost", "standin.example.com");
        _ = listen.UseHttps(certificate, https =>
        {
            https.ClientCertificateMode = options.ChecksClients
                ? ClientCertificateMode.RequireCertificate
                : ClientCertificateMode.AllowCertificate;
            https.ClientCertificateValidation =
                options.ChecksClients ? options.Certificates.Vouches : static (_, _, _) => true;
        });
    }

    private async Task AnswerAsync(HttpContext context)
    {
        SeenRequest request = await SeeAsync(context);
        _requests.Enqueue(request);
        if (TakeWrongdoing(request) is { } wrongdoing) await wrongdoing.Answer(context);
        else if (Tokens.Count > 0 && !Tokens.Contains(request.Token))
            await JsonAnswer.WriteAsync(context, 401, StatusBody.Unauthorized());
        else if (context.Request.Path == PolicyList.Path) await PolicyList.AnswerAsync(context, Policies);
        else if (PodPlaces.IsFor(context)) await PodPlaces.AnswerAsync(context, Pods);
        else await _api.AnswerAsync(context, request);
    }

    private Wrongdoing? TakeWrongdoing(SeenRequest request)
    {
        lock (_gate)
        {
            int index = _wrongdoings.FindIndex(entry => entry.Matches(request));
            if (index < 0) return null;
            (Predicate<SeenRequest> matches, Wrongdoing wrongdoing, int times) = _wrongdoings[index];
            if (times > 1) _wrongdoings[index] = (matches, wrongdoing, times - 1);
            else _wrongdoings.RemoveAt(index);
            return wrongdoing;
        }
    }

    private static async Task<SeenRequest> SeeAsync(HttpContext context)
    {
        string? authorization = context.Request.Headers.Authorization;
        using StreamReader reader = new(context.Request.Body);
        string? body = HttpMethods.IsGet(context.Request.Method) ? null : await reader.ReadToEndAsync();
        return new(
            context.Request.Method, context.Request.Path + context.Request.QueryString.Value,
            authorization?.Replace("Bearer ", "", StringComparison.Ordinal),
            context.Connection.ClientCertificate?.Subject, context.Request.Protocol, body);
    }
}
