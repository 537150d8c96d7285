using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Overlay.Daemon.Admin;

/// <summary>Answers anybody on the host: alive, started, ready, metrics, and nothing else.</summary>
internal sealed class HealthApplication(AdminReader reader) : IHttpApplication<HttpContext>
{
    private const string Text = "text/plain; charset=utf-8";

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        (int status, string type, string body) = Answer(context.Request);
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        HttpResponse response = context.Response;
        (response.StatusCode, response.ContentType, response.ContentLength) = (status, type, bytes.Length);
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>The answer to a health request, also on the admin socket.</summary>
    private (int Status, string Type, string Body) Answer(HttpRequest request)
    {
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return (StatusCodes.Status405MethodNotAllowed, Text, "only GET\n");
        return request.Path.Value switch
        {
            "/metrics" => (StatusCodes.Status200OK, "text/plain; version=0.0.4", reader.Metrics()),
            { } path when Health.Find(path, reader) is { } health => (health.Status, Text, health.Text),
            _ => (StatusCodes.Status404NotFound, Text, "known are /metrics, /healthz, /startedz and /readyz\n"),
        };
    }
}
