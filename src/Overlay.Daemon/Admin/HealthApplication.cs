using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Overlay.Daemon.Metrics;

namespace Overlay.Daemon.Admin;

/// <summary>Answers anybody on the host: alive, started, ready, metrics, and nothing else.</summary>
internal sealed class HealthApplication(AdminReader reader, HealthCheckService checks, MetricsExport metrics)
    : IHttpApplication<HttpContext>
{
    public const string MetricsPath = "/metrics";

    private const string Text = "text/plain; charset=utf-8";

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <summary>The answer, also on the admin socket.</summary>
    public Task ProcessRequestAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return WriteAsync(context, new Health(StatusCodes.Status405MethodNotAllowed, "only GET\n"));
        return request.Path.Value == MetricsPath ? metrics.AnswerAsync(context) : AnswerAsync(context);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        bool isVerbose = request.Query.ContainsKey("verbose");
        Health? health = await Health.FindAsync(request.Path.Value ?? "", isVerbose, checks, reader);
        await WriteAsync(context, health ?? new Health(
            StatusCodes.Status404NotFound, $"known are /, /events, {MetricsPath}, {string.Join(", ", Health.Paths)}\n"));
    }

    private static async Task WriteAsync(HttpContext context, Health health)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(health.Text);
        HttpResponse response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (health.Status, Text, bytes.Length);
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
    }
}
