using System.Text.Json;

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

    /// <exception cref="FormatException">Not a record.</exception>
    public static AttachmentRecord Read(byte[] text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            return new()
            {
                Network = Text(root, "network"),
                ContainerId = Text(root, "containerId"),
                InterfaceName = Text(root, "ifname"),
                NetworkNamespacePath = Text(root, "netns"),
                HostInterfaceName = Text(root, "hostInterface"),
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

    private static string Text(JsonElement root, string key) =>
        root.GetProperty(key).GetString() ?? throw new FormatException($"{key} is null");
}
