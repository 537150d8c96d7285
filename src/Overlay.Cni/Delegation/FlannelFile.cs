using System.Text.Json;
using Overlay.Cni.Configuration;
using Overlay.Cni.Protocol;
using Overlay.Host.Files;
using Overlay.Pods.Attachments;
using Overlay.Pods.Names;
using Overlay.Pods.Ranges;

namespace Overlay.Cni.Delegation;

/// <summary>
/// The file a container in which flannel's plugin keeps what it had the bridge plugin do; of a container without one it
/// removes nothing. Where that plugin has been our pods get one too, so a node that goes back to it can delete them.
/// </summary>
/// <param name="configuration">Of the network.</param>
/// <param name="containerId">
/// The attachment's; one from an allocation file may be anything, and only an identifier names a file.
/// </param>
internal sealed class FlannelFile(NetworkConfiguration configuration, string containerId)
{
    private const int MostBytes = 1024 * 1024;
    private const string HalfExtension = ".half";

    private string FilePath => Path.Combine(configuration.FlannelDataDirectory, containerId);

    /// <summary>
    /// Does nothing where flannel's plugin has not been, nor for addresses that another plugin has given.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public void Write(IReadOnlyList<RangeSet> rangeSets)
    {
        // With two networks a pod has one file, which is the first one's.
        if (!configuration.Ipam.IsOwn || !Directory.Exists(configuration.FlannelDataDirectory) || File.Exists(FilePath))
            return;
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text)) WriteDelegate(json, rangeSets);
        AtomicFile.Replace(FilePath, FilePath + HalfExtension, text.ToArray());
    }

    /// <summary>Nothing there is a success; another network's is left.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public void Remove()
    {
        if (!CniName.IsIdentifier(containerId) || !Directory.Exists(configuration.FlannelDataDirectory)) return;
        try
        {
            File.Delete(FilePath + HalfExtension);
            if (File.Exists(FilePath) && IsOfThisNetwork(BoundedFile.ReadStart(FilePath, MostBytes)))
                File.Delete(FilePath);
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            // Another DEL of this container has been faster.
        }
    }

    // One that is no configuration is what is left of a writer that was killed.
    private bool IsOfThisNetwork(byte[] text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("name", out JsonElement name)
                || name.ValueKind != JsonValueKind.String
                || name.GetString() == configuration.Name;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return true;
        }
    }

    private void WriteDelegate(Utf8JsonWriter json, IReadOnlyList<RangeSet> rangeSets)
    {
        json.WriteStartObject();
        json.WriteString("cniVersion"u8, CniVersion.V031);
        json.WriteString("name"u8, configuration.Name);
        json.WriteString("type"u8, "bridge"u8);
        json.WriteString("bridge"u8, configuration.Bridge.Name);
        json.WriteStartObject("ipam"u8);
        json.WriteString("type"u8, AttachmentRecord.HostLocal);
        if (configuration.Ipam.DataDirectory.Length > 0)
            json.WriteString("dataDir"u8, configuration.Ipam.DataDirectory);
        json.WriteStartArray("ranges"u8);
        foreach (RangeSet set in rangeSets)
        {
            json.WriteStartArray();
            foreach (AddressRange range in set.Ranges)
            {
                json.WriteStartObject();
                json.WriteString("subnet"u8, range.Subnet.ToString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
