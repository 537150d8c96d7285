using System.Globalization;

namespace Overlay.Dataplane.Ebpf.Maps;

/// <summary>Where maps and links are pinned below the directory of one network.</summary>
/// <remarks>
/// Maps lie in a directory of their version: an upgrade to other layouts fills new maps while the programs of before go
/// on with theirs, and then swaps the programs of the links.
/// </remarks>
internal static class PinPaths
{
    private const string VersionPrefix = "abi";

    /// <summary>The directory of this version's maps.</summary>
    public static string Maps(string directory) => Path.Combine(
        directory, string.Create(CultureInfo.InvariantCulture, $"{VersionPrefix}{ConfigEntry.CurrentAbi}"));

    /// <summary>The file of a link.</summary>
    public static string Link(string directory, string program) => Path.Combine(directory, program);

    /// <summary>Unpins the maps of all versions but this one.</summary>
    public static void RemoveOtherVersions(string directory)
    {
        if (!Directory.Exists(directory)) return;
        foreach (string version in Directory.GetDirectories(directory, VersionPrefix + "*"))
        {
            if (version != Maps(directory)) RemoveDirectory(version);
        }
    }

    /// <summary>Unpins everything below the directory, and removes it.</summary>
    public static void RemoveAll(string directory)
    {
        if (!Directory.Exists(directory)) return;
        foreach (string version in Directory.GetDirectories(directory)) RemoveDirectory(version);
        RemoveDirectory(directory);
    }

    private static void RemoveDirectory(string directory)
    {
        foreach (string file in Directory.GetFiles(directory)) File.Delete(file);
        Directory.Delete(directory);
    }
}
