using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Overlay.Testing.Kubernetes;

/// <summary>A JSON document as the whole answer.</summary>
internal static class JsonAnswer
{
    private static readonly JsonSerializerOptions _options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] Format(JsonNode document) => JsonSerializer.SerializeToUtf8Bytes(document, _options);

    public static async Task WriteAsync(HttpContext context, int code, JsonNode document)
    {
        byte[] body = Format(document);
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body);
    }
}
