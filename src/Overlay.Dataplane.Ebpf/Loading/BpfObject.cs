using System.Runtime.InteropServices;
using System.Text;

namespace Overlay.Dataplane.Ebpf.Loading;

/// <summary>
/// Maps and programs of an object that clang has made: maps are symbols of section <c>maps</c>, and each section
/// <c>tc/NAME</c> is a program. It needs no BTF and no libbpf, which a host may not have.
/// </summary>
public sealed class BpfObject
{
    private const string Resource = "overlay.bpf.o";
    private const string ProgramPrefix = "tc/";
    private const uint R_BPF_64_64 = 1;
    private const int LoadLength = 16;

    private readonly Dictionary<string, MapDefinition> _maps = [];
    private readonly Dictionary<string, ProgramImage> _programs = [];

    /// <summary>Reads an object.</summary>
    /// <exception cref="InvalidDataException">It is not such an object.</exception>
    public BpfObject(ReadOnlyMemory<byte> file)
    {
        ElfFile elf = new(file);
        int mapSection = -1;
        for (int i = 0; i < elf.Sections.Count; i++)
        {
            if (elf.Sections[i].Name == "maps") mapSection = i;
            if (elf.Sections[i].Name == "license") License = ReadText(elf.Bytes(elf.Sections[i]).Span);
        }

        if (mapSection >= 0) ReadMaps(elf, mapSection);
        for (int i = 0; i < elf.Sections.Count; i++)
        {
            if (elf.Sections[i].Name.StartsWith(ProgramPrefix, StringComparison.Ordinal))
                ReadProgram(elf, i, mapSection);
        }
    }

    /// <summary>The licence that the kernel is told; helpers may ask for one of the GPL.</summary>
    public string License { get; } = "";

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, MapDefinition> Maps => _maps;

    /// <summary>By name.</summary>
    public IReadOnlyDictionary<string, ProgramImage> Programs => _programs;

    /// <summary>The object that this assembly carries.</summary>
    public static BpfObject ReadEmbedded()
    {
        using Stream stream = typeof(BpfObject).Assembly.GetManifestResourceStream(Resource)
            ?? throw ElfFile.Broken($"the assembly has no {Resource}");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new BpfObject(bytes);
    }

    private void ReadMaps(ElfFile elf, int section)
    {
        ReadOnlySpan<byte> bytes = elf.Bytes(elf.Sections[section]).Span;
        foreach (ElfFile.Symbol symbol in elf.Symbols)
        {
            if (symbol.Section != section || symbol.Name.Length == 0) continue;
            if (symbol.Value > bytes.Length - MapDefinition.Length) throw ElfFile.Broken($"map {symbol.Name} is cut");
            ReadOnlySpan<uint> words = MemoryMarshal.Cast<byte, uint>(bytes.Slice(symbol.Value, MapDefinition.Length));
            _maps[symbol.Name] = new MapDefinition(words[0], words[1], words[2], words[3], words[4]);
        }
    }

    private void ReadProgram(ElfFile elf, int index, int mapSection)
    {
        ElfFile.Section section = elf.Sections[index];
        string name = section.Name[ProgramPrefix.Length..];
        List<(int, string)> loads = [];
        foreach ((int offset, ElfFile.Symbol symbol, uint type) in elf.Relocations(index))
        {
            if (type != R_BPF_64_64 || symbol.Section != mapSection || !_maps.ContainsKey(symbol.Name))
                throw ElfFile.Broken($"{name} refers to {symbol.Name}, which is no map");
            if (offset > section.Length - LoadLength)
                throw ElfFile.Broken($"a relocation of {name} lies behind its end");
            loads.Add((offset, symbol.Name));
        }

        _programs[name] = new ProgramImage(name, elf.Bytes(section), loads);
    }

    private static string ReadText(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes.TrimEnd((byte)0));
}
