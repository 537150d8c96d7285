using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>An answer that is not the right one.</summary>
/// <param name="Answer">Writes it.</param>
public sealed record Wrongdoing(Func<HttpContext, Task> Answer)
{
    /// <summary>A refusal by a Status.</summary>
    public static Wrongdoing Status(int code, string reason, string message, int? retryAfter = null) =>
        new(async context =>
    {
        if (retryAfter is { } seconds) context.Response.Headers.RetryAfter = $"{seconds}";
        await JsonAnswer.WriteAsync(context, code, StatusBody.Of(code, reason, message));
    });

    /// <summary>That body, and the end; a watch's lines, or a list cut off.</summary>
    public static Wrongdoing Body(string body, int code = 200) => new(async context =>
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    });

    /// <summary>That body, and the connection or stream is torn down in the middle.</summary>
    public static Wrongdoing Torn(string body) => new(async context =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
        await context.Response.Body.FlushAsync();
        context.Abort();
    });

    /// <summary>That body in pieces of a hundred bytes, one after another.</summary>
    public static Wrongdoing Slow(string body) => new(async context =>
    {
        context.Response.ContentType = "application/json";
        foreach (char[] piece in body.Chunk(100))
        {
            await context.Response.WriteAsync(new string(piece));
            await context.Response.Body.FlushAsync();
            await Task.Delay(1);
        }
    });

    /// <summary>Takes the request and says nothing for as long as the client waits.</summary>
    public static Wrongdoing Silence { get; } = new(async context =>
    {
        try
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has given up.
        }
    });
}
