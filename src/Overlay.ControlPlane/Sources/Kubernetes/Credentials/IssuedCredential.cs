using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Overlay.Wire.Values;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>A credential that a plugin has given. Immutable.</summary>
/// <param name="Credential">A token, a client certificate, or both.</param>
/// <param name="ValidUntil">The time from which it counts no more; null for none.</param>
internal sealed record IssuedCredential(Credential Credential, DateTimeOffset? ValidUntil)
{
    /// <summary>Reads an ExecCredential with its status.</summary>
    /// <param name="json">What the plugin wrote.</param>
    /// <param name="apiVersion">The version that is configured.</param>
    /// <param name="issued">The credential.</param>
    /// <param name="error">The reason where there is none, with the plugin as its subject.</param>
    public static bool TryRead(
        string json, string apiVersion, [NotNullWhen(true)] out IssuedCredential? issued,
        [NotNullWhen(false)] out string? error)
    {
        issued = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            error = Read(document.RootElement, apiVersion, out issued);
        }
        catch (JsonException exception)
        {
            error = $"writes no JSON: {ShownText.Of(exception.Message, ShownText.SentenceLength)}";
        }

        return issued is not null;
    }

    private static string? Read(JsonElement root, string apiVersion, out IssuedCredential? issued)
    {
        issued = null;
        if (Text(root, "kind") != "ExecCredential") return "writes no ExecCredential";
        if (Text(root, "apiVersion") != apiVersion)
            return $"writes an ExecCredential of version \"{Text(root, "apiVersion")}\", not {apiVersion}";
        if (!root.TryGetProperty("status", out JsonElement status) || status.ValueKind != JsonValueKind.Object)
            return "writes an ExecCredential without a status";
        string? token = Text(status, "token");
        string? certificate = Text(status, "clientCertificateData");
        string? key = Text(status, "clientKeyData");
        if (token is null && certificate is null && key is null)
            return "gives neither token nor clientCertificateData with clientKeyData";
        if (certificate is null != key is null) return "gives a certificate without its key, or a key alone";
        if (token is not null && !BearerToken.IsToken(token)) return "gives a token that is not one word of ASCII text";
        ClientCertificate? pair = certificate is null ? null : new(certificate, key!);
        if (pair is not null && ErrorOf(pair) is { } error) return error;
        DateTimeOffset? validUntil = null;
        if (Text(status, "expirationTimestamp") is { } text)
        {
            if (!DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
                return $"gives the expirationTimestamp \"{text}\", not a time such as 2030-01-02T15:04:05Z";
            validUntil = time;
        }

        issued = new(new(token, pair), validUntil);
        return null;
    }

    private static string? ErrorOf(ClientCertificate certificate)
    {
        try
        {
            _ = certificate.ToContext();
            return null;
        }
        catch (CryptographicException exception)
        {
            return $"gives a client certificate that cannot be used: {exception.Message}";
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
