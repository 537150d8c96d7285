using System.Text;
using Overlay.Host.Files;
using Overlay.Wire.Values;

namespace Overlay.Pods.Allocations;

/// <summary>
/// Allocations of one network on disk, in the format and place of the host-local plugin: a file an address that holds
/// <c>containerID CR LF ifname</c>, and the address given last for each range set.
/// </summary>
/// <remarks>Whoever reads in order to write holds the lock; host-local takes the same one.</remarks>
public sealed class AddressStore
{
    /// <summary>Where host-local keeps all networks.</summary>
    public const string DefaultDirectory = "/var/lib/cni/networks";

    // A container's id has 64 characters as a rule; of a longer text the rest is nobody's name.
    private const int MostBytes = 4096;

    private const string LineBreak = "\r\n";
    private const UnixFileMode Permissions =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="directory">Of all networks; null or empty = <see cref="DefaultDirectory"/>.</param>
    /// <param name="network">Name of the network.</param>
    public AddressStore(string? directory, string network) =>
        Directory = Path.Combine(DirectoryOf(directory), network);

    public string Directory { get; }

    /// <summary>Waits for the lock; the directory is made where it is missing.</summary>
    /// <exception cref="IOException">The directory cannot be made or written.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public IDisposable Lock()
    {
        _ = System.IO.Directory.CreateDirectory(Directory);
        return StoreLock.Take(Path.Combine(Directory, "lock"));
    }

    /// <summary>
    /// All that are taken, in no order. A file that is empty is nobody's, and so is one that goes while the directory
    /// is read: who only looks has no lock, and a DEL may come between.
    /// </summary>
    public IReadOnlyList<AddressHolder> Holders()
    {
        List<AddressHolder> holders = [];
        try
        {
            foreach (string path in System.IO.Directory.EnumerateFiles(Directory))
            {
                if (IpAddress.TryParse(Path.GetFileName(path), out IpAddress address)
                    && Read(path, address) is { } holder)
                    holders.Add(holder);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing has been given yet, or somebody has taken all of it away.
        }

        return holders;
    }

    /// <summary>Whether such an address is taken, in whichever network.</summary>
    /// <param name="directory">Of all networks; null or empty = <see cref="DefaultDirectory"/>.</param>
    /// <param name="isMeant">Whether the address is one that is looked for.</param>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public static bool HasHolder(string? directory, Func<IpAddress, bool> isMeant)
    {
        foreach (AddressHolder holder in HoldersOfAll(directory))
        {
            if (isMeant(holder.Address)) return true;
        }

        return false;
    }

    /// <summary>All that are taken, of all networks; none where the directory is missing.</summary>
    /// <param name="directory">Of all networks; null or empty = <see cref="DefaultDirectory"/>.</param>
    /// <exception cref="IOException">The directory cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">As before.</exception>
    public static IEnumerable<AddressHolder> HoldersOfAll(string? directory)
    {
        string all = DirectoryOf(directory);
        if (!System.IO.Directory.Exists(all)) yield break;
        foreach (string network in System.IO.Directory.EnumerateDirectories(all))
        {
            foreach (AddressHolder holder in new AddressStore(all, Path.GetFileName(network)).Holders())
                yield return holder;
        }
    }

    /// <summary>The address given last for that range set, or null.</summary>
    public IpAddress? LastReserved(int rangeSet)
    {
        string? text = ReadText(LastReservedPath(rangeSet));
        return IpAddress.TryParse(text?.Trim(), out IpAddress address) ? address : null;
    }

    /// <summary>Takes the address if nobody has it.</summary>
    /// <returns>False when somebody has it.</returns>
    /// <exception cref="IOException">It cannot be written; then it is not taken.</exception>
    public bool Reserve(IpAddress address, string containerId, string interfaceName, int rangeSet)
    {
        string path = PathOf(address);

        // A file without content is what is left of a host-local that died between creating and writing it.
        if (Read(path, address) is not null) return false;
        Write(path, containerId + LineBreak + interfaceName);
        try
        {
            Write(LastReservedPath(rangeSet), address.ToString());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(path);
            throw;
        }

        return true;
    }

    public void Release(IpAddress address) => File.Delete(PathOf(address));

    /// <summary>
    /// Frees what the attachment has; where nothing bears the interface's name, what the container has as such.
    /// </summary>
    public void Release(string containerId, string interfaceName)
    {
        // Whoever was writing it is dead, for the lock is ours.
        File.Delete(HalfPath);
        bool found = false;
        IReadOnlyList<AddressHolder> holders = Holders();
        foreach (AddressHolder holder in holders)
        {
            if (holder.ContainerId != containerId || holder.InterfaceName != interfaceName) continue;
            Release(holder.Address);
            found = true;
        }

        if (found) return;
        foreach (AddressHolder holder in holders)
        {
            if (holder.Is(containerId, interfaceName)) Release(holder.Address);
        }
    }

    private static AddressHolder? Read(string path, IpAddress address)
    {
        if (ReadText(path) is not { } text) return null;
        string[] lines = text.Trim().Split('\n', 2);
        string containerId = lines[0].Trim();
        return containerId.Length == 0 ? null : new(address, containerId, lines.Length > 1 ? lines[1].Trim() : "");
    }

    private static string DirectoryOf(string? directory) =>
        string.IsNullOrEmpty(directory) ? DefaultDirectory : directory;

    private static string? ReadText(string path)
    {
        try
        {
            return Encoding.UTF8.GetString(BoundedFile.ReadStart(path, MostBytes));
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    // Whoever is killed leaves a draft that no reader takes for an address. Under the lock one name is enough.
    private void Write(string path, string content) =>
        AtomicFile.Replace(path, HalfPath, Encoding.UTF8.GetBytes(content), Permissions);

    private string HalfPath => Path.Combine(Directory, ".half");

    private string PathOf(IpAddress address) => Path.Combine(Directory, address.ToString());

    private string LastReservedPath(int rangeSet) => Path.Combine(Directory, $"last_reserved_ip.{rangeSet}");
}
