using System.Text.Json;
using Overlay.Pods.Names;

namespace Overlay.Pods.Attachments;

/// <summary>The file form of an <see cref="AttachmentRecord"/>.</summary>
internal static class AttachmentRecordJson
{
    public static byte[] Write(AttachmentRecord record)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("network"u8, record.Network);
            json.WriteString("containerId"u8, record.ContainerId);
            json.WriteString("ifname"u8, record.InterfaceName);
            json.WriteString("netns"u8, record.NetworkNamespacePath);
            json.WriteString("hostInterface"u8, record.HostInterfaceName);
            json.WriteString("ipam"u8, record.IpamType);
            json.WriteString("ipamDirectory"u8, record.IpamDirectory);
            json.WriteString("time"u8, record.Time);
            json.WriteEndObject();
        }

        return text.ToArray();
    }

    /// <exception cref="FormatException">Not a record, or a name in it is none that could be a file's.</exception>
    public static AttachmentRecord Read(byte[] text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            return new()
            {
                Network = Identifier(root, "network"),
                ContainerId = Identifier(root, "containerId"),
                InterfaceName = Interface(root, "ifname"),
                NetworkNamespacePath = Text(root, "netns"),
                HostInterfaceName = Interface(root, "hostInterface"),
                IpamType = Text(root, "ipam"),
                IpamDirectory = Text(root, "ipamDirectory"),
                Time = root.GetProperty("time").GetDateTimeOffset(),
            };
        }
        catch (Exception exception)
            when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    private static string Identifier(JsonElement root, string key) => Text(root, key) is var text
        && CniName.IsIdentifier(text)
        ? text
        : throw new FormatException($"{key} '{text}' is no identifier; example: cbr0");

    private static string Interface(JsonElement root, string key) => Text(root, key) is var text
        && CniName.IsInterface(text)
        ? text
        : throw new FormatException($"{key} '{text}' is not the name of an interface; example: eth0");

    private static string Text(JsonElement root, string key) =>
        root.GetProperty(key).GetString() ?? throw new FormatException($"{key} is null");
}
